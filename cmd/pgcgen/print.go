package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/generator"
	"github.com/pgcgen/pgcgen/generator/inventory"
)

// fail reports an error of a command; an inventory's problems go where its reader looks.
func (a *app) fail(err error) error {
	var problems inventory.Problems
	if !errors.As(err, &problems) {
		return failure{err}
	}
	if a.format == "json" {
		return a.finish(map[string]any{"problems": problems}, err)
	}
	a.printProblems(problems)
	return failure{err}
}

// failed marks an error, if there is one.
func (a *app) failed(err error) error {
	if err == nil {
		return nil
	}
	return failure{err}
}

// finish prints a result for programs, and ends with err.
func (a *app) finish(v any, err error) error {
	if printErr := a.printJSON(v); printErr != nil {
		return printErr
	}
	return a.failed(err)
}

func (a *app) printProblems(problems inventory.Problems) {
	for _, p := range problems {
		fmt.Fprintln(a.stderr, p)
	}
}

func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return failure{fmt.Errorf("cannot print the result: %w", err)}
	}
	return nil
}

func count(problems inventory.Problems) string {
	parts := []string{}
	if n := len(problems.Errors()); n > 0 {
		parts = append(parts, plural(n, "error"))
	}
	if n := len(problems.Warnings()); n > 0 {
		parts = append(parts, plural(n, "warning"))
	}
	return strings.Join(parts, " and ")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// reasons lists why certificates were made, each once.
func reasons(issued []generator.Issued) string {
	var list []string
	for _, i := range issued {
		list = append(list, i.Reason)
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}
