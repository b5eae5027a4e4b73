package inventory

import (
	"encoding"
	"fmt"
	"reflect"

	"gopkg.in/yaml.v3"
)

const (
	// maxDepth is how deep values may be nested, aliases followed.
	maxDepth = 64
	// maxValues bounds the work that aliases of aliases can ask for.
	maxValues = 100_000
)

// mark is a position in the file, counted from 1.
type mark struct{ line, column int }

// reader turns YAML into Go values and gathers every problem on the way.
type reader struct {
	file     string
	problems Problems
	// marks has the position of every value read, by logical path.
	marks map[string]mark
	// unread has the paths whose values could not be read.
	unread map[string]bool
	// open has the anchored nodes that are being read.
	open   map[*yaml.Node]bool
	values int
	// components is set once the components' rules are judged.
	components bool
}

func newReader(file string) *reader {
	return &reader{file: file, marks: map[string]mark{"": {1, 1}}, unread: map[string]bool{}, open: map[*yaml.Node]bool{}}
}

func (r *reader) add(at mark, p Problem) {
	p.File, p.Line, p.Column = r.file, at.line, at.column
	r.problems = append(r.problems, p)
}

// fail reports a value that could not be read.
func (r *reader) fail(path string, n *yaml.Node, message, fix string) {
	r.unread[path] = true
	r.add(mark{n.Line, n.Column}, Problem{Path: path, Message: message, Fix: fix, Severity: SeverityError})
}

// decode fills into, a pointer to a struct, from a document.
func (r *reader) decode(root *yaml.Node, into any) {
	r.value("", root, reflect.ValueOf(into).Elem(), 0)
}

// value reads one node into one Go value of any type that settings may have.
func (r *reader) value(path string, n *yaml.Node, into reflect.Value, depth int) {
	n, ok := r.enter(path, n, depth)
	if !ok {
		return
	}
	defer delete(r.open, n)
	r.marks[path] = mark{n.Line, n.Column}
	switch self := into.Addr().Interface().(type) {
	case yaml.Unmarshaler:
		r.custom(path, n, self)
	case encoding.TextUnmarshaler:
		r.text(path, n, into, self)
	default:
		r.plain(path, n, into, depth)
	}
}

// enter follows an alias and refuses what would take for ever.
func (r *reader) enter(path string, n *yaml.Node, depth int) (*yaml.Node, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	r.values++
	switch {
	case r.open[n]:
		r.fail(path, n, "the alias contains itself", "write the value out")
	case depth > maxDepth:
		r.fail(path, n, fmt.Sprintf("values are nested deeper than %d", maxDepth), "")
	case r.values == maxValues+1:
		r.fail(path, n, fmt.Sprintf("the inventory has more than %d values, aliases counted", maxValues), "use fewer aliases")
	case r.values <= maxValues:
		if n.Anchor != "" {
			r.open[n] = true
		}
		return n, true
	}
	return nil, false
}

// plain reads a value whose type has no say in how it is written.
func (r *reader) plain(path string, n *yaml.Node, into reflect.Value, depth int) {
	switch {
	case into.Kind() == reflect.Pointer:
		r.pointer(path, n, into, depth)
	case into.Kind() == reflect.Struct:
		r.structure(path, n, into, depth)
	case into.Kind() == reflect.Map:
		r.mapping(path, n, into, depth)
	case into.Kind() == reflect.Slice:
		r.list(path, n, into, depth)
	case into.Kind() == reflect.Interface:
		r.anything(path, n, into, depth)
	default:
		r.scalar(path, n, into)
	}
}

// custom lets a type read itself.
func (r *reader) custom(path string, n *yaml.Node, into yaml.Unmarshaler) {
	if err := into.UnmarshalYAML(n); err != nil {
		r.fail(path, n, err.Error(), "")
	}
}
