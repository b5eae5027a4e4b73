package command

import (
	"bytes"
	"strings"
	"sync"
)

// tailSize is how much of a command's output an error carries, in bytes: enough for the
// reason, little enough to read.
const tailSize = 2000

// Tail remembers the end of what was written to it. It may be shared between streams.
type Tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write implements io.Writer; it never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String is the remembered end, without the newlines around it.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}

func (t *Tail) suffix() string {
	if s := t.String(); s != "" {
		return ": " + s
	}
	return ""
}

// Lines is a writer that calls a function for every complete line.
type Lines struct {
	Each func(line string)
	rest []byte
}

// Write implements io.Writer; it never fails.
func (l *Lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.rest = rest
		l.Each(string(line))
	}
}
