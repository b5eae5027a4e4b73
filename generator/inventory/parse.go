package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"
)

// parse returns the root of the only YAML document in data, or nil after a problem.
func (r *reader) parse(data []byte) *yaml.Node {
	problem := func(at mark, message, fix string) *yaml.Node {
		r.add(at, Problem{Message: message, Fix: fix, Severity: SeverityError})
		return nil
	}
	if len(data) > maxSize {
		return problem(mark{1, 1}, fmt.Sprintf("the file is larger than %d bytes", maxSize), "split the cluster")
	}
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && doc.Content[0].ShortTag() == "!!null":
		return problem(mark{1, 1}, "the inventory is empty", "start from examples/ha-3/inventory.yaml")
	case err != nil:
		at, message := syntaxError(err, data)
		return problem(at, message, "")
	}
	switch err := d.Decode(&more); {
	case err == nil:
		return problem(mark{more.Line, more.Column}, "the file has more than one YAML document", "give each cluster a file of its own")
	case !errors.Is(err, io.EOF):
		at, message := syntaxError(err, data)
		return problem(at, message, "")
	}
	return doc.Content[0]
}

var errorPrefix = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxError finds the place of a YAML error: the line, and the column where its text
// begins.
func syntaxError(err error, data []byte) (mark, string) {
	at := mark{1, 1}
	lines := bytes.SplitAfter(data, []byte("\n"))
	m := errorPrefix.FindStringSubmatch(err.Error())
	if m != nil && m[1] != "" {
		at.line, _ = strconv.Atoi(m[1])
	}
	at.line = min(max(at.line, 1), len(lines))
	if line := brokenLine(lines); line > 0 {
		at.line = line
	}
	line := lines[at.line-1]
	at.column = len(line) - len(bytes.TrimLeft(line, " ")) + 1
	return at, "the YAML is broken: " + errorPrefix.ReplaceAllString(err.Error(), "")
}

// brokenLine finds the line after which no beginning of the file is YAML any more. The
// library names where the broken block or bracket began, or the end of the file, and that
// can be far away. It is 0 for files too long to try.
func brokenLine(lines [][]byte) int {
	const most = 2000
	if len(lines) > most {
		return 0
	}
	for good := len(lines) - 1; good >= 0; good-- {
		var doc yaml.Node
		if err := yaml.Unmarshal(bytes.Join(lines[:good], nil), &doc); err == nil {
			return good + 1
		}
	}
	return 0
}
