package host

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// LockedError tells that another process has a lock.
type LockedError struct {
	Path string
	// PID is the holder, or 0 when it has not said.
	PID int
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "another process holds " + e.Path
	}
	return fmt.Sprintf("process %d holds %s", e.PID, e.Path)
}

// Lock takes a lock that lasts until release is called or the process ends, however it
// ends. It does not wait: the error is a *LockedError when another process has it.
func (h *Host) Lock(path string) (release func() error, err error) {
	if err := h.parents(path); err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	f, err := os.OpenFile(h.Path(path), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = &LockedError{Path: path, PID: h.holder(path)}
	}
	if err == nil {
		err = sign(f)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot lock: %w", err), f.Close())
	}
	return f.Close, nil
}

// sign leaves our process id in the lock, for messages only.
func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	return err
}

func (h *Host) holder(path string) int {
	data, err := h.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return 0
	}
	return pid
}
