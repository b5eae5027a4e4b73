package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a problem stops a build.
type Severity string

const (
	// SeverityError stops every command.
	SeverityError Severity = "error"
	// SeverityWarning is reported; it stops a command only when warnings are errors.
	SeverityWarning Severity = "warning"
)

// Problem is one thing wrong in the inventory, and where.
type Problem struct {
	File string `json:"file"`
	// Line and Column count from 1, columns in characters.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Path is the logical place, as "nodes[2].address"; empty for the file as a whole.
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	// Fix is what to do about it, in a few words.
	Fix      string   `json:"fix,omitempty"`
	Severity Severity `json:"severity"`
}

// String is "file:line:column: path: message; fix", with "warning: " before the path of
// what is none but a warning.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

// Problems is everything wrong in one inventory, in the file's order.
type Problems []Problem

// Errors lists the problems that stop a build.
func (ps Problems) Errors() Problems { return ps.only(SeverityError) }

// Warnings lists the problems that do not.
func (ps Problems) Warnings() Problems { return ps.only(SeverityWarning) }

// Err is the errors among the problems as one error, or nil.
func (ps Problems) Err() error {
	if errs := ps.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, 0, len(ps))
	for _, p := range ps {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) only(s Severity) Problems {
	var out Problems
	for _, p := range ps {
		if p.Severity == s {
			out = append(out, p)
		}
	}
	return out
}

// sorted orders by position, then by text, and drops repetitions.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			strings.Compare(a.Path, b.Path), strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}
