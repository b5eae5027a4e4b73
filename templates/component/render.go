package component

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
	"unicode"

	"gopkg.in/yaml.v3"
)

// Template parses a template of a configuration format that has no encoder. A key that is
// missing is an error, and `word` and `text` guard values: see Word and Text.
func Template(name, body string) *template.Template {
	return template.Must(template.New(name).Option("missingkey=error").Funcs(template.FuncMap{"word": Word, "text": Text}).Parse(body))
}

// Render fills a template.
func Render(t *template.Template, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("cannot render %s: %w", t.Name(), err)
	}
	return b.Bytes(), nil
}

// Word passes a value that is one token in any of the formats we write: no white space, no
// quotes, no comment sign, no control character.
func Word(v any) (string, error) {
	s := fmt.Sprint(v)
	if s == "" || strings.ContainsAny(s, "\"'\\#;{}$`") || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "", fmt.Errorf("%q is not a single word", s)
	}
	return s, nil
}

// Text passes a value that stays on its line.
func Text(v any) (string, error) {
	s := fmt.Sprint(v)
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", fmt.Errorf("%q has a control character", s)
	}
	return s, nil
}

// YAML marshals a configuration file of a program that reads YAML.
func YAML(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Written by nodeinit from the cluster's spec; changes are overwritten.\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("cannot render YAML: %w", err)
	}
	return b.Bytes(), nil
}
