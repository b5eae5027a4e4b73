package pki

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// clock is a settable time for tests.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{at: time.Date(2027, 3, 1, 12, 0, 0, 500, time.UTC)} }

// config is a fresh state folder with repeatable randomness.
func config(t *testing.T, c *clock) Config {
	t.Helper()
	return Config{
		Dir: filepath.Join(t.TempDir(), "main"), Cluster: "main",
		Now: c.now, Random: rand.NewChaCha8([32]byte{1}),
	}
}

func open(t *testing.T, conf Config) *State {
	t.Helper()
	s, err := Open(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// reopen saves and closes a state and opens it again, as the next build does.
func reopen(t *testing.T, s *State) *State {
	t.Helper()
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, s.conf)
}

func newAuthority(t *testing.T, s *State) *Authority {
	t.Helper()
	a, err := NewAuthority(s, Lifetimes{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t *testing.T, a *Authority, r Request) Leaf {
	t.Helper()
	l, err := a.Leaf(r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
