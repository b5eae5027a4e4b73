//go:build boot

package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/lab"
	"github.com/pgcgen/pgcgen/lab/image"
	"github.com/pgcgen/pgcgen/lab/mount"
	"github.com/pgcgen/pgcgen/lab/netns"
	"github.com/pgcgen/pgcgen/lab/process"
)

// victim is the lab of a process that is killed.
const victim = "pgclab-crash"

// timeout is the test's context with a limit.
func timeout(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestMain lets the test binary be the process that crashes.
func TestMain(m *testing.M) {
	if os.Getenv("LAB_CRASH") == "" {
		os.Exit(m.Run())
	}
	if err := crash(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// crash powers a machine on, says so and waits for its end.
func crash() error {
	ctx := context.Background()
	l, err := lab.Open(ctx, lab.Config{ID: victim, Gateway: gateway, Client: client})
	if err != nil {
		return err
	}
	m, err := l.Create("pg1", "52:54:00:77:00:31", os.Getenv("LAB_CRASH"))
	if err != nil {
		return err
	}
	if err := m.PowerOn(ctx); err != nil {
		return err
	}
	fmt.Println("on")
	select {}
}

func TestCrash(t *testing.T) {
	c := exec.CommandContext(t.Context(), "/proc/self/exe")
	c.Env = append(os.Environ(), "LAB_CRASH="+base(t, image.Golden, "trixie"))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill() // dead already when the test went well
		if err := lab.Reap(context.Background(), victim); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "on\n" {
		t.Fatalf("the lab said %q, %v", line, err)
	}
	if err := lab.Reap(t.Context(), victim); err == nil {
		t.Error("a lab in use was removed")
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	survivors := supervisors(t, victim)
	if len(survivors) == 0 {
		t.Fatal("no machine survived the crash: nothing to test")
	}
	if err := lab.Reap(t.Context(), victim); err != nil {
		t.Fatal(err)
	}
	for _, p := range survivors {
		if p.Alive() {
			t.Errorf("process %d of the crashed lab still runs", p.PID)
		}
	}
	checkNothingLeft(t, victim)
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, err := lab.Open(ctx, lab.Config{ID: "pgclab-cancel", Gateway: netip.MustParsePrefix("10.77.0.1/24"), Client: client})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	checkNothingLeft(t, l.ID())
}

// supervisors finds the machines of a lab among all processes.
func supervisors(t *testing.T, id string) []process.Identity {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []process.Identity
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		cmdline, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err != nil || !strings.HasPrefix(string(cmdline), "systemd-nspawn\x00") || !strings.Contains(string(cmdline), id+".") {
			continue
		}
		if p, err := process.Of(pid); err == nil {
			found = append(found, p)
		}
	}
	return found
}

func checkNothingLeft(t *testing.T, id string) {
	t.Helper()
	if left, err := netns.Owned(id); err != nil || len(left) != 0 {
		t.Errorf("namespaces left: %v, %v", left, err)
	}
	if left, err := lab.Left(); err != nil || strings.Contains(strings.Join(left, " "), id) {
		t.Errorf("labs left: %v, %v", left, err)
	}
	if left, err := mount.Below(image.Dir() + "/labs/" + id); err != nil || len(left) != 0 {
		t.Errorf("mounts left: %v, %v", left, err)
	}
	groups, err := os.ReadDir("/sys/fs/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		if _, err := os.Stat("/sys/fs/cgroup/" + g.Name() + "/" + id + ".pg1"); err == nil {
			t.Errorf("a cgroup is left in %s", g.Name())
		}
	}
}
