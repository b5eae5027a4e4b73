package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Runner runs programs of the machine.
type Runner interface {
	// Run waits for the program's end. The error is an *ExitError when the program ran and
	// ended badly; what it wrote until then is in the Result even so.
	Run(context.Context, Command) (Result, error)
}

// Command is a program to run.
type Command struct {
	// Argv is the program and its arguments; a bare name is looked up in the system's
	// folders.
	Argv []string
	// Env adds to the few variables that every program gets: PATH and LC_ALL=C.
	Env   []string
	Stdin []byte
	Dir   string
	// Extra receives what the program writes to its file descriptor 3; nil means that it
	// has none.
	Extra io.Writer
}

// Result is what a program said.
type Result struct {
	Stdout, Stderr []byte
	// Code is the exit status; -1 when a signal ended the program.
	Code int
}

// ExitError tells that a program ended badly.
type ExitError struct {
	Argv []string
	Code int
	// Last holds the last lines of standard error, or of standard output without any.
	Last string
	// Err is os/exec's error, or the context's when that ended the program.
	Err error
}

// Error names the program, not its arguments, which could be a page long.
func (e *ExitError) Error() string {
	text := fmt.Sprintf("%s: %v", e.Argv[0], e.Err)
	if e.Last == "" {
		return text
	}
	return text + ": " + strings.ReplaceAll(e.Last, "\n", "; ")
}

func (e *ExitError) Unwrap() error { return e.Err }

// Exec is the Runner of the machine that this program runs on.
type Exec struct {
	// Grace is how long a program may take to clean up when its context ends, before it is
	// killed; zero means 5 seconds.
	Grace time.Duration
}

const (
	searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	maxOutput  = 8 << 20
	maxErrors  = 64 << 10
	lastLines  = 5
)

// Run runs a program in a process group of its own, which gets SIGTERM when ctx ends and
// SIGKILL after the grace. It does not inherit our environment: children must not talk to
// our NOTIFY_SOCKET. Of a stream's output the end is kept: 8 MiB, of errors 64 KiB.
func (e Exec) Run(ctx context.Context, c Command) (Result, error) {
	if e.Grace == 0 {
		e.Grace = 5 * time.Second
	}
	program, err := lookup(c.Argv)
	if err != nil {
		return Result{Code: -1}, err
	}
	stdout, stderr := &tail{limit: maxOutput}, &tail{limit: maxErrors}
	cmd := exec.CommandContext(ctx, program, c.Argv[1:]...)
	cmd.Env = append([]string{"PATH=" + searchPath, "LC_ALL=C"}, c.Env...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, bytes.NewReader(c.Stdin), stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = e.Grace
	err = runWithExtra(cmd, c.Extra)
	if ctx.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what outlived the leader; usually nothing
		err = context.Cause(ctx)
	}
	result := Result{Stdout: stdout.data, Stderr: stderr.data, Code: cmd.ProcessState.ExitCode()}
	if err != nil {
		return result, &ExitError{Argv: c.Argv, Code: result.Code, Last: last(result), Err: err}
	}
	return result, nil
}

func lookup(argv []string) (string, error) {
	if len(argv) == 0 {
		return "", errors.New("cannot run a command without a program")
	}
	if strings.Contains(argv[0], "/") {
		return argv[0], nil
	}
	for _, dir := range strings.Split(searchPath, ":") {
		path := dir + "/" + argv[0]
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("cannot run %s: %w", argv[0], exec.ErrNotFound)
}

// runWithExtra runs a prepared command, with a pipe as its file descriptor 3 if wanted.
func runWithExtra(cmd *exec.Cmd, extra io.Writer) error {
	if extra == nil {
		return cmd.Run()
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return err
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(extra, r)
	}()
	err = cmd.Wait()
	// A daemon that the program left behind may hold the pipe; the program's end is the end.
	_ = r.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	<-copied
	return err
}
