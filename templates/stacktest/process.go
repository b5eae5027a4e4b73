package stacktest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Account is who runs a program.
type Account struct{ UID, GID uint32 }

// User looks an account of the machine up.
func User(t testing.TB, name string) Account {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return Account{uint32(uid), uint32(gid)}
}

// Root is a folder that every account may enter, removed after the test.
func Root(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// FreePort is a TCP port on the loopback interface that nobody listens on.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Until tries until it works, for at most 30 s.
func Until(t testing.TB, try func() error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("after 30 s: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Log collects what a program prints.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was printed so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Run runs a program to its end.
func Run(t testing.TB, who Account, argv ...string) {
	t.Helper()
	out, err := command(who, argv).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", argv[0], err, out)
	}
}

// Start starts a program, which is killed after the test. What it printed is logged when
// the test fails. The channel gives its exit.
func Start(t testing.TB, who Account, log *Log, argv ...string) <-chan error {
	t.Helper()
	return Launch(t, who, log, argv...).Exited
}

// Process is a program that Launch started.
type Process struct {
	// Exited gives the program's exit.
	Exited <-chan error
	pid    int
	gone   chan struct{}
}

// Kill ends the program without a warning, as a power cut would, and waits until it is
// gone.
func (p *Process) Kill() {
	select {
	case <-p.gone:
	default:
		_ = syscall.Kill(-p.pid, syscall.SIGKILL) // it may go at this moment
		<-p.gone
	}
}

// Launch starts a program as Start does; the test can kill it earlier.
func Launch(t testing.TB, who Account, log *Log, argv ...string) *Process {
	t.Helper()
	c := command(who, argv)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	p := &Process{Exited: exited, pid: c.Process.Pid, gone: make(chan struct{})}
	go func() {
		exited <- c.Wait()
		close(p.gone)
	}()
	t.Cleanup(func() {
		// PostgreSQL and PgBouncer end at once on the first, HAProxy and keepalived on the
		// second; any may be gone already.
		_ = c.Process.Signal(syscall.SIGQUIT)
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.gone:
		case <-time.After(5 * time.Second):
			p.Kill()
		}
		if t.Failed() {
			t.Logf("%s printed:\n%s", argv[0], log)
		}
	})
	return p
}

func command(who Account, argv []string) *exec.Cmd {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = "/"
	// A program's children may hold its output open, as PostgreSQL does after Patroni died.
	c.WaitDelay = 100 * time.Millisecond
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: who.UID, Gid: who.GID}}
	return c
}
