package command_test

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/lab/command"
)

func TestOutput(t *testing.T) {
	if got, err := command.Output(t.Context(), "sh", "-c", "echo out; echo noise >&2"); err != nil || got != "out\n" {
		t.Errorf("got %q, %v", got, err)
	}
	err := command.Run(t.Context(), "sh", "-c", "echo the reason >&2; exit 3")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.HasSuffix(err.Error(), ": the reason") {
		t.Errorf("got %v, want the exit code and the reason", err)
	}
	if err := command.Input(t.Context(), "text", "grep", "--quiet", "text"); err != nil {
		t.Error(err)
	}
}

func TestGroupDiesWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := command.New(ctx, "sh", "-c", "echo ready; sleep 60 & wait")
	lines := &command.Lines{Each: func(string) { cancel() }}
	// The sleep holds the output open: Stream would not return if it lived on.
	if err := command.Stream(c, lines, lines); err == nil {
		t.Error("a cancelled command is a success")
	}
}

func TestLines(t *testing.T) {
	var got []string
	l := &command.Lines{Each: func(line string) { got = append(got, line) }}
	for _, part := range []string{"on", "e\ntwo\nth", "ree\n", "rest"} {
		if _, err := l.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"one", "two", "three"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTailIsBounded(t *testing.T) {
	var tail command.Tail
	for range 100 {
		if _, err := tail.Write([]byte(strings.Repeat("x", 1000))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tail.Write([]byte("end\n")); err != nil {
		t.Fatal(err)
	}
	if got := tail.String(); len(got) > 2000 || !strings.HasSuffix(got, "xend") {
		t.Errorf("%d bytes ending in %q", len(got), got[max(0, len(got)-10):])
	}
}
