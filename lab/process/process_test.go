package process

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

func TestParse(t *testing.T) {
	stat := "42 (a) b) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200\n"
	if got, err := Parse(stat); err != nil || got != (Identity{PID: 42, Start: 987654}) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "42", "42 (sh) S 1", "x (sh) S 1 42 42 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0 9 1", "1 (sh) S 1 42 42 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0 x 1"} {
		if got, err := Parse(bad); err == nil {
			t.Errorf("%q gives %+v", bad, got)
		}
	}
}

func TestSignalOnlyTheVeryProcess(t *testing.T) {
	c := exec.CommandContext(t.Context(), "sleep", "60")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	child, err := Of(c.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	reused := Identity{PID: child.PID, Start: child.Start - 1}
	if reused.Alive() {
		t.Error("a process that started at another time counts as the same")
	}
	if err := reused.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !child.Alive() {
		t.Fatal("a signal for an earlier process of this number reached the present one")
	}
	if err := child.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	if err := child.Gone(t.Context()); err != nil {
		t.Error(err)
	}
	if err := child.Signal(syscall.SIGKILL); err != nil {
		t.Errorf("a signal to a process that is gone: %v", err)
	}
}

func TestInit(t *testing.T) {
	self, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := self.Init(); ok {
		t.Errorf("found %+v in a process without a process namespace", got)
	}
}
