// Command pgcgen turns an inventory into everything that machines need in order to make a
// PostgreSQL cluster by themselves.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/pgcgen/pgcgen/generator"
	"github.com/pgcgen/pgcgen/generator/inventory"
)

// version is set by the linker. It is a semantic version, because packages carry it.
var version = "0.0.0-devel"

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitInvalid = 2
)

func main() { os.Exit(run(nil)) }

// run executes this process's command line. program replaces the nodeinit programs that
// are built in, when it is not nil.
func run(program func(arch string) ([]byte, error)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{program: program, stdout: os.Stdout, stderr: os.Stderr}
	root := a.newRootCommand()
	err := root.ExecuteContext(ctx)
	explain(os.Stderr, err)
	return exitCode(err)
}

// failure is an error of a command that was called as it should be. All other errors are
// about the command line.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// exitCode tells scripts whether to look at what they gave, or at the machine.
func exitCode(err error) int {
	var problems inventory.Problems
	var usage generator.UsageError
	var failed failure
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &problems), errors.As(err, &usage), !errors.As(err, &failed):
		return exitInvalid
	default:
		return exitFailed
	}
}

// explain prints an error. The inventory's problems have been printed already: what is
// left to say is how many.
func explain(w io.Writer, err error) {
	var problems inventory.Problems
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "pgcgen: interrupted")
	case errors.As(err, &problems):
		fmt.Fprintln(w, "pgcgen: the inventory has", count(problems))
	default:
		fmt.Fprintln(w, "pgcgen:", err)
		if exitCode(err) == exitInvalid {
			fmt.Fprintln(w, "See 'pgcgen --help'.")
		}
	}
}
