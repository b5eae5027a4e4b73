// Package process tells processes apart for good: a number is reused, a number together
// with its start time is not. The lab ends only processes that it can prove it started.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// poll is how often Gone looks whether a process that is not our child still runs.
const poll = 20 * time.Millisecond

// Identity is one process of this boot of the host.
type Identity struct {
	PID int
	// Start is when it started, in clock ticks since the host booted.
	Start uint64
}

// Parse reads an identity from the text of /proc/<pid>/stat (proc_pid_stat(5)): the first
// field is the number, the twenty-second the start time. The second field is the program's
// name in parentheses and may contain anything.
func Parse(stat string) (Identity, error) {
	pid, _, ok := strings.Cut(stat, " ")
	end := strings.LastIndexByte(stat, ')')
	fields := strings.Fields(stat[end+1:])
	if !ok || end < 0 || len(fields) < 20 {
		return Identity{}, fmt.Errorf("cannot read %q as /proc/<pid>/stat", stat)
	}
	number, err := strconv.Atoi(pid)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot read the process number in /proc/<pid>/stat: %w", err)
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot read the start time in /proc/<pid>/stat: %w", err)
	}
	return Identity{PID: number, Start: start}, nil
}

// Of identifies a running process.
func Of(pid int) (Identity, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Identity{}, fmt.Errorf("cannot identify process %d: %w", pid, err)
	}
	return Parse(string(stat))
}

// Alive reports whether this very process still exists.
func (i Identity) Alive() bool {
	now, err := Of(i.PID)
	return err == nil && now == i
}

// Signal sends a signal to this very process; one that is gone is no error.
func (i Identity) Signal(signal syscall.Signal) error {
	// The handle is a pidfd: once it is open the number cannot be reused under us, so the
	// check after opening holds for the signal.
	p, err := os.FindProcess(i.PID)
	if err != nil || !i.Alive() {
		return nil
	}
	if err := p.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot send %v to process %d: %w", signal, i.PID, err)
	}
	return nil
}

// Gone waits until the process has ended.
func (i Identity) Gone(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for i.Alive() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot see process %d end: %w", i.PID, context.Cause(ctx))
		case <-tick.C:
		}
	}
	return nil
}

// Init finds the process with number 1 of a process namespace among the children of its
// supervisor. It reports false while there is none.
func (i Identity) Init() (Identity, bool) {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", i.PID, i.PID))
	if err != nil || !i.Alive() {
		return Identity{}, false
	}
	for _, field := range strings.Fields(string(children)) {
		pid, err := strconv.Atoi(field)
		if err != nil || !isInit(pid) {
			continue
		}
		if child, err := Of(pid); err == nil {
			return child, true
		}
	}
	return Identity{}, false
}

// isInit reads the NSpid line of /proc/<pid>/status: the numbers of a process from the
// outermost namespace to its own.
func isInit(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			f := strings.Fields(numbers)
			return len(f) > 1 && f[len(f)-1] == "1"
		}
	}
	return false
}
