package nspawn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/pgcgen/pgcgen/lab/command"
)

// Output is what a command in a machine left behind.
type Output struct {
	Stdout, Stderr string
	// Code is the exit code, 128 and more when a signal ended the command.
	Code int
}

// environ is the whole environment of a command in a machine: nothing of the host's leaks.
var environ = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb"}

// Exec runs a command as root in the running machine, without a terminal or a shell. A
// command that fails is no error; a machine that is off, or a ctx that ends, is.
func (m *Machine) Exec(ctx context.Context, argv ...string) (Output, error) {
	supervisor, on := m.supervisor()
	pid1, ok := supervisor.Init()
	if !on || !ok {
		return Output{}, fmt.Errorf("cannot run %s in %s: %w", argv[0], m.cfg.Name, errOff)
	}
	enter := []string{
		"nsenter", "--target=" + strconv.Itoa(pid1.PID), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
		"--root", "--wd", "--", "env", "-i",
	}
	c := command.New(ctx, append(append(enter, environ...), argv...)...)
	// Nothing may go on in the machine when the caller believes it ended.
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	out := Output{Stdout: stdout.String(), Stderr: stderr.String(), Code: c.ProcessState.ExitCode()}
	var failed *exec.ExitError
	if err != nil && !pid1.Alive() {
		// What ended, and how, is then nsenter's own affair.
		err = errOff
	}
	if ctx.Err() == nil && errors.As(err, &failed) && failed.Exited() {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("cannot run %s in %s: %w", argv[0], m.cfg.Name, err)
	}
	return out, nil
}

// Logs returns the machine's journal as journalctl(1) prints it with the given arguments.
// It is also there when the machine is off.
func (m *Machine) Logs(ctx context.Context, args ...string) (string, error) {
	args = append([]string{"journalctl", "--no-pager", "--quiet"}, args...)
	if m.Running() {
		out, err := m.Exec(ctx, args...)
		return out.Stdout, err
	}
	return command.Output(ctx, append(args, "--directory="+m.root()+"/var/log/journal")...)
}
