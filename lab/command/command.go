// Package command runs the host's tools for the lab: ip, nft, mmdebstrap, dpkg, nsenter.
//
// A command's process group dies with its context, so that nothing a tool started outlives
// the test that asked for it, and the end of what it said is part of the error.
package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// grace is how long a cancelled command may take to clean up after SIGTERM.
const grace = 10 * time.Second

// New prepares a command in a process group of its own. When ctx is done the group gets
// SIGTERM; what still holds the output after a grace period is abandoned.
func New(ctx context.Context, argv ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = grace
	return c
}

// Run runs a command and keeps what it says for the error only.
func Run(ctx context.Context, argv ...string) error {
	_, err := Output(ctx, argv...)
	return err
}

// Output runs a command and returns its standard output.
func Output(ctx context.Context, argv ...string) (string, error) {
	var out bytes.Buffer
	err := Stream(New(ctx, argv...), &out, io.Discard)
	return out.String(), err
}

// Input runs a command with text on its standard input.
func Input(ctx context.Context, text string, argv ...string) error {
	c := New(ctx, argv...)
	c.Stdin = strings.NewReader(text)
	return Stream(c, io.Discard, io.Discard)
}

// Stream runs a prepared command, copying its output to the writers while it runs. The
// error of a failed command ends with the last lines of both streams.
func Stream(c *exec.Cmd, stdout, stderr io.Writer) error {
	var last Tail
	c.Stdout = io.MultiWriter(stdout, &last)
	c.Stderr = io.MultiWriter(stderr, &last)
	if err := c.Run(); err != nil {
		return fmt.Errorf("cannot run %s: %w%s", strings.Join(c.Args, " "), err, last.suffix())
	}
	return nil
}
