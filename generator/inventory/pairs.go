package inventory

import (
	"fmt"
	"reflect"
	"slices"

	"gopkg.in/yaml.v3"
)

// pair is one key of a mapping and its value.
type pair struct{ key, value *yaml.Node }

// pairs lists a mapping's keys in order, merge keys ("<<") applied: what a mapping says
// itself wins over what it merges, and an earlier merge over a later one.
func (r *reader) pairs(path string, n *yaml.Node, t reflect.Type, depth int) []pair {
	if n.Kind != yaml.MappingNode {
		r.mismatch(path, n, t)
		return nil
	}
	var own []pair
	var merges []*yaml.Node
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch earlier := first[key.Value]; {
		case key.ShortTag() == "!!merge":
			merges = append(merges, value)
		case key.Kind != yaml.ScalarNode:
			r.fail(path, key, "a key must be text, and this is "+got(key, t), "")
		case earlier != nil:
			r.add(mark{key.Line, key.Column}, Problem{
				Path:     join(path, key.Value),
				Message:  fmt.Sprintf("the key is given twice, first in line %d", earlier.Line),
				Fix:      "keep one of them",
				Severity: SeverityError,
			})
		default:
			first[key.Value] = key
			own = append(own, pair{key, value})
		}
	}
	for _, m := range merges {
		for _, p := range r.merged(path, m, t, depth+1) {
			if first[p.key.Value] == nil {
				first[p.key.Value] = p.key
				own = append(own, p)
			}
		}
	}
	return own
}

// merged lists what one merge key brings in: a mapping, or a list of them.
func (r *reader) merged(path string, n *yaml.Node, t reflect.Type, depth int) []pair {
	n, ok := r.enter(path, n, depth)
	if !ok {
		return nil
	}
	defer delete(r.open, n)
	if n.Kind == yaml.SequenceNode {
		var all []pair
		for _, item := range n.Content {
			all = append(all, r.merged(path, item, t, depth+1)...)
		}
		return all
	}
	return slices.Clone(r.pairs(path, n, t, depth))
}
