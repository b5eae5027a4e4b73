package host

import (
	"bytes"
	"strings"
)

// tail keeps the end of what is written to it.
type tail struct {
	limit int
	data  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	// Cutting only at twice the limit moves each byte once on average.
	if len(t.data) > 2*t.limit {
		t.data = append([]byte(nil), t.data[len(t.data)-t.limit:]...)
	}
	return len(p), nil
}

// last returns the last lines that a program said, for its error.
func last(r Result) string {
	text := bytes.TrimSpace(r.Stderr)
	if len(text) == 0 {
		text = bytes.TrimSpace(r.Stdout)
	}
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-lastLines):], "\n")
}
