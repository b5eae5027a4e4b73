package inventory

import (
	"fmt"
	"reflect"

	"gopkg.in/yaml.v3"
)

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func (r *reader) pointer(path string, n *yaml.Node, into reflect.Value, depth int) {
	target := reflect.New(into.Type().Elem())
	r.value(path, n, target.Elem(), depth+1)
	into.Set(target)
}

// structure reads a mapping whose keys are the fields of a struct. A key without a value
// is an empty mapping, so that "etcd:" may be written for "etcd: {}".
func (r *reader) structure(path string, n *yaml.Node, into reflect.Value, depth int) {
	if isNull(n) {
		return
	}
	fields := fieldsOf(into.Type())
	for _, p := range r.pairs(path, n, into.Type(), depth) {
		key := p.key.Value
		index, ok := fields[key]
		switch {
		case ok:
			r.value(join(path, key), p.value, into.FieldByIndex(index), depth+1)
		case path == "" && len(key) > 2 && key[:2] == "x-":
			// A place for anchors, as in Compose files.
		default:
			r.add(mark{p.key.Line, p.key.Column}, Problem{
				Path: join(path, key), Message: "unknown key",
				Fix: suggest(key, keysOf(fields)), Severity: SeverityError,
			})
		}
	}
}

func (r *reader) mapping(path string, n *yaml.Node, into reflect.Value, depth int) {
	if isNull(n) {
		return
	}
	t := into.Type()
	into.Set(reflect.MakeMap(t))
	for _, p := range r.pairs(path, n, t, depth) {
		value := reflect.New(t.Elem()).Elem()
		if text, ok := plainText(p.value); ok && t.Elem().Kind() == reflect.String {
			value.SetString(text)
		} else {
			r.value(join(path, p.key.Value), p.value, value, depth+1)
		}
		into.SetMapIndex(reflect.ValueOf(p.key.Value).Convert(t.Key()), value)
	}
}

// plainText is a number or boolean as it is written. In a mapping of text, such as
// PostgreSQL's parameters, "max_connections: 300" needs no quotes: the program that gets
// the value reads text anyhow.
func plainText(n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		return "", false
	}
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool":
		return n.Value, true
	}
	return "", false
}

func (r *reader) list(path string, n *yaml.Node, into reflect.Value, depth int) {
	switch {
	case isNull(n):
		return
	case n.Kind != yaml.SequenceNode:
		r.mismatch(path, n, into.Type())
		return
	}
	out := reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		r.value(fmt.Sprintf("%s[%d]", path, i), item, out.Index(i), depth+1)
	}
	into.Set(out)
}

// anything reads a value whose type the file decides, as a PostgreSQL parameter's.
func (r *reader) anything(path string, n *yaml.Node, into reflect.Value, depth int) {
	var target reflect.Value
	switch n.Kind {
	case yaml.MappingNode:
		target = reflect.New(reflect.TypeFor[map[string]any]()).Elem()
		r.mapping(path, n, target, depth+1)
	case yaml.SequenceNode:
		target = reflect.New(reflect.TypeFor[[]any]()).Elem()
		r.list(path, n, target, depth+1)
	default:
		if isNull(n) {
			r.fail(path, n, "has no value", "give one or remove the key")
			return
		}
		var v any
		if err := n.Decode(&v); err != nil {
			r.fail(path, n, "cannot use "+got(n, into.Type()), "put it in quotes")
			return
		}
		target = reflect.ValueOf(v)
	}
	into.Set(target)
}
