package inventory

import (
	"encoding"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pgcgen/pgcgen/templates/component"
)

// scalar reads text, a number or a boolean. YAML's own conversions are not used: a number
// where text belongs is often a version or a password that would lose its zeros.
func (r *reader) scalar(path string, n *yaml.Node, into reflect.Value) {
	want, _ := wanted(into.Type())
	if isNull(n) {
		r.fail(path, n, "has no value", "give "+want+" or remove the key")
		return
	}
	if into.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			r.mismatch(path, n, into.Type())
			return
		}
		into.SetInt(int64(d))
		return
	}
	if !fits(n, into.Kind()) {
		r.mismatch(path, n, into.Type())
		return
	}
	if err := n.Decode(into.Addr().Interface()); err != nil {
		r.fail(path, n, got(n, into.Type())+" is out of range for "+want, "")
	}
}

// mismatch reports a value of another type than the settings have there.
func (r *reader) mismatch(path string, n *yaml.Node, t reflect.Type) {
	want, fix := wanted(t)
	if n.Kind != yaml.ScalarNode {
		fix = ""
	}
	r.fail(path, n, "expected "+want+", got "+got(n, t), fix)
}

// fits compares a node's YAML tag with a Go kind.
func fits(n *yaml.Node, kind reflect.Kind) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	tag := n.ShortTag()
	switch kind {
	case reflect.Bool:
		return tag == "!!bool"
	case reflect.String:
		return tag == "!!str"
	case reflect.Float32, reflect.Float64:
		return tag == "!!float" || tag == "!!int"
	default:
		return tag == "!!int"
	}
}

// wanted describes a Go type to someone who writes YAML, with a fix for the usual slip.
func wanted(t reflect.Type) (want, fix string) {
	switch {
	case t == reflect.TypeFor[netip.Prefix]():
		return "an address with its prefix length, as 10.77.0.11/24", ""
	case t == reflect.TypeFor[netip.Addr]():
		return "an IP address, as 10.77.0.1", ""
	case t == reflect.TypeFor[time.Duration]():
		return "a duration with its unit, as 10s", ""
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false", ""
	case reflect.String:
		return "text", "put it in quotes"
	case reflect.Float32, reflect.Float64:
		return "a number", ""
	case reflect.Slice:
		return "a list", "write it as [a, b]"
	case reflect.Struct, reflect.Map:
		return "a mapping of keys to values", ""
	default:
		return "a whole number", ""
	}
}

// got describes what the file has instead. It never quotes a secret.
func got(n *yaml.Node, t reflect.Type) string {
	const longest = 60
	switch tag := n.ShortTag(); {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case tag == "!!null":
		return "nothing"
	case t == reflect.TypeFor[component.Secret]():
		return "something else"
	case tag == "!!str" && len(n.Value) > longest:
		return fmt.Sprintf("the text %q...", n.Value[:longest])
	case tag == "!!str":
		return fmt.Sprintf("the text %q", n.Value)
	case tag == "!!int", tag == "!!float":
		return "the number " + n.Value
	case tag == "!!bool":
		return n.Value
	default:
		return fmt.Sprintf("a value with the tag %s", n.Tag)
	}
}

// text reads a type that understands its own textual form, as addresses do.
func (r *reader) text(path string, n *yaml.Node, into reflect.Value, self encoding.TextUnmarshaler) {
	switch {
	case isNull(n):
		want, _ := wanted(into.Type())
		r.fail(path, n, "has no value", "give "+want+" or remove the key")
		return
	case n.Kind != yaml.ScalarNode:
		r.mismatch(path, n, into.Type())
		return
	}
	err := self.UnmarshalText([]byte(n.Value))
	switch {
	case err == nil && n.Value != "":
		return
	case into.Type().PkgPath() == "net/netip":
		r.mismatch(path, n, into.Type())
	case err != nil:
		r.fail(path, n, err.Error(), "")
	}
}
