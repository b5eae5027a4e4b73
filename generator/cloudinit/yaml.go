package cloudinit

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// text is a string in the one YAML style that is safe for it. The encoder's own choice is
// not: cloud-init reads YAML 1.1, in which a plain no or = is no string, and the encoder
// loses a leading newline or tab in its block style.
type text string

// MarshalYAML implements yaml.Marshaler.
func (t text) MarshalYAML() (any, error) { return t.node(), nil }

func (t text) node() *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(t), Style: yaml.DoubleQuotedStyle}
	switch {
	case strings.ContainsAny(node.Value, "\u0085\u2028\u2029"): // line breaks to YAML 1.1
	case !strings.Contains(node.Value, "\n"):
		node.Style = yaml.SingleQuotedStyle
	case !strings.ContainsAny(node.Value[:1], " \t\n"):
		node.Style = yaml.LiteralStyle
	}
	return node
}

// isText reports whether every YAML reader gives the bytes back unchanged: UTF-8 without
// control characters, carriage returns (which YAML may turn into newlines) and byte order
// marks.
func isText(data []byte) bool {
	control := func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\ufeff'
	}
	return utf8.Valid(data) && !bytes.ContainsFunc(data, control)
}

func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	if err := encoder.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
