// Package hosttest has fakes of the machine below nodeinit/host.
package hosttest

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/pgcgen/pgcgen/nodeinit/host"
)

// Runner answers commands by rules and remembers them. A command that no rule matches
// succeeds and says nothing; set Strict to make it fail.
type Runner struct {
	Strict bool

	mu    sync.Mutex
	rules []rule
	calls []host.Command
}

// Answer is what a command does in place of the real one.
type Answer func(host.Command) (host.Result, error)

type rule struct {
	pattern string
	answer  Answer
}

// On answers the commands whose line matches a pattern of path.Match with * for any text:
// "useradd *". Later rules win.
func (r *Runner) On(pattern string, answer Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = append(r.rules, rule{pattern, answer})
}

// Says is an answer of a command that succeeds.
func Says(stdout string) Answer {
	return func(host.Command) (host.Result, error) { return host.Result{Stdout: []byte(stdout)}, nil }
}

// Fails is an answer of a command that exits with a code.
func Fails(code int, stderr string) Answer {
	return func(c host.Command) (host.Result, error) {
		return host.Result{Stderr: []byte(stderr), Code: code},
			&host.ExitError{Argv: c.Argv, Code: code, Last: strings.TrimSpace(stderr), Err: fmt.Errorf("exit status %d", code)}
	}
}

// Run implements host.Runner.
func (r *Runner) Run(ctx context.Context, c host.Command) (host.Result, error) {
	if err := ctx.Err(); err != nil {
		return host.Result{Code: -1}, &host.ExitError{Argv: c.Argv, Code: -1, Err: err}
	}
	r.mu.Lock()
	r.calls = append(r.calls, c)
	rules := slices.Clone(r.rules)
	r.mu.Unlock()
	line := strings.Join(c.Argv, " ")
	for _, rule := range slices.Backward(rules) {
		if matches(rule.pattern, line) {
			return rule.answer(c)
		}
	}
	if r.Strict {
		return Fails(127, "no rule for "+line)(c)
	}
	return host.Result{}, nil
}

// Calls returns the commands that were run.
func (r *Runner) Calls() []host.Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// Lines returns the command lines that were run.
func (r *Runner) Lines() []string {
	var lines []string
	for _, c := range r.Calls() {
		lines = append(lines, strings.Join(c.Argv, " "))
	}
	return lines
}

// matches is path.Match in which * also matches slashes.
func matches(pattern, line string) bool {
	const slash = "\x00"
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(line, "/", slash))
	return ok && err == nil
}
