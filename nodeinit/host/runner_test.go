package host_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/host"
)

func shell(script string) host.Command { return host.Command{Argv: []string{"sh", "-c", script}} }

func TestExecGivesAndTakes(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "/run/must-not-leak")
	var extra bytes.Buffer
	c := shell(`cat; pwd; echo "$LC_ALL$MINE$NOTIFY_SOCKET" >&2; echo progress >&3`)
	c.Stdin, c.Dir, c.Env, c.Extra = []byte("in\n"), "/usr", []string{"MINE=x"}, &extra
	got, err := host.Exec{}.Run(t.Context(), c)
	if err != nil || string(got.Stdout) != "in\n/usr\n" || string(got.Stderr) != "Cx\n" || got.Code != 0 {
		t.Errorf("%q %q %d %v", got.Stdout, got.Stderr, got.Code, err)
	}
	if extra.String() != "progress\n" {
		t.Errorf("extra %q", extra.String())
	}
}

func TestExecErrorNamesProgramAndLastLines(t *testing.T) {
	got, err := host.Exec{}.Run(t.Context(), shell(`echo out; for i in 1 2 3 4 5 6 7; do echo e$i >&2; done; exit 3`))
	var exit *host.ExitError
	if !errors.As(err, &exit) || exit.Code != 3 || got.Code != 3 || string(got.Stdout) != "out\n" {
		t.Fatalf("%v %+v", err, got)
	}
	if err.Error() != "sh: exit status 3: e3; e4; e5; e6; e7" {
		t.Error(err)
	}
	_, err = host.Exec{}.Run(t.Context(), shell(`echo only out; false`))
	if err == nil || err.Error() != "sh: exit status 1: only out" {
		t.Error(err)
	}
}

func TestExecWithoutProgram(t *testing.T) {
	for _, argv := range [][]string{nil, {"no-such-program"}, {"/no/such/program"}} {
		if got, err := (host.Exec{}).Run(t.Context(), host.Command{Argv: argv}); err == nil || got.Code != -1 {
			t.Errorf("%v: %+v, %v", argv, got, err)
		}
	}
}

// The whole group ends with the context, those that ignore SIGTERM included.
func TestExecEndsTheGroupWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := shell(`trap "" TERM; sh -c 'trap "" TERM; echo $$ >&3; while :; do sleep 1; done' & wait; sleep 100`)
	c.Extra = w
	ended := make(chan error, 1)
	go func() {
		_, err := host.Exec{Grace: 50 * time.Millisecond}.Run(ctx, c)
		ended <- err
	}()
	line := make([]byte, 32)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("told to stop")
	cancel(stop)
	if err := <-ended; !errors.Is(err, stop) {
		t.Errorf("Run: %v", err)
	}
	// The orphan is a zombie until init reaps it; a zombie runs no more.
	for alive(child) {
		time.Sleep(time.Millisecond)
	}
}

func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestExecKeepsTheEndOfEndlessOutput(t *testing.T) {
	got, err := host.Exec{}.Run(t.Context(), shell(`head -c 300000 /dev/zero >&2; echo the end >&2`))
	if err != nil || len(got.Stderr) > 130<<10 || !bytes.HasSuffix(got.Stderr, []byte("the end\n")) {
		t.Errorf("%d bytes, %v", len(got.Stderr), err)
	}
}
