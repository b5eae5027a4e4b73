package lab

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
)

// fake is a machine with only what WaitCloudInit looks at.
type fake struct {
	Machine
	on      bool
	results []string // one per look, "" while there is none
}

func (f *fake) Name() string    { return "pg1" }
func (f *fake) Console() string { return "console.log" }
func (f *fake) Running() bool   { return f.on }
func (f *fake) ReadFile(string) ([]byte, error) {
	if len(f.results) == 0 || f.results[0] == "" {
		f.results = f.results[min(1, len(f.results)):]
		return nil, fs.ErrNotExist
	}
	return []byte(f.results[0]), nil
}

func TestWaitCloudInit(t *testing.T) {
	for name, c := range map[string]struct {
		machine fake
		want    string
	}{
		"done":      {fake{on: true, results: []string{"", `{"v1": {"errors": []}}`}}, ""},
		"failed":    {fake{on: true, results: []string{`{"v1": {"errors": ["a", "b"]}}`}}, "failed: a; b"},
		"off":       {fake{}, "the machine is off"},
		"malformed": {fake{on: true, results: []string{"{"}}, "cannot read cloud-init's result"},
	} {
		err := WaitCloudInit(t.Context(), &c.machine)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WaitCloudInit(ctx, &fake{on: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestOpenRefusesBadIDs(t *testing.T) {
	t.Setenv("PGCGEN_LAB", t.TempDir())
	for _, id := range []string{"..", "a/b", "a.b", "UPPER", "-a", strings.Repeat("a", 32)} {
		if _, err := Open(t.Context(), Config{ID: id}); err == nil {
			t.Errorf("%q was taken for an ID", id)
		}
	}
}

func TestReapIgnoresWhatNeverWas(t *testing.T) {
	t.Setenv("PGCGEN_LAB", t.TempDir())
	if err := Reap(t.Context(), "never"); err != nil {
		t.Error(err)
	}
	if left, err := Left(); err != nil || len(left) != 0 {
		t.Errorf("got %q, %v", left, err)
	}
}
