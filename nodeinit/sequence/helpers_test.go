package sequence_test

import (
	"context"
	"io/fs"
	"slices"
	"sync"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/sequence"
)

// memory is a Store that outlives a simulated power cut.
type memory struct {
	mu    sync.Mutex
	data  []byte
	err   error
	saves int
}

func (m *memory) Load() ([]byte, error) {
	if m.data == nil {
		return nil, fs.ErrNotExist
	}
	return m.data, nil
}

func (m *memory) Save(data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.data = slices.Clone(data)
	m.saves++
	return nil
}

func (m *memory) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// trace remembers in which order steps ran.
type trace struct {
	mu    sync.Mutex
	names []string
}

func (tr *trace) add(name string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.names = append(tr.names, name)
}

func (tr *trace) sorted() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Sorted(slices.Values(tr.names))
}

// step is one that succeeds and leaves its name in the trace.
func (tr *trace) step(name string, after ...string) sequence.Step {
	return sequence.Step{Name: name, Title: name + " holds", After: after, Run: func(context.Context, *sequence.Report) error {
		tr.add(name)
		return nil
	}}
}

// events collects what observers are told.
type events struct {
	mu   sync.Mutex
	list []sequence.Event
}

func (e *events) observe(ev sequence.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, ev)
}

// states lists a step's states and reasons as "state: reason".
func (e *events) states(step string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for _, ev := range e.list {
		if ev.Step == step {
			line := string(ev.State)
			if ev.Reason != "" {
				line += ": " + ev.Reason
			}
			out = append(out, line)
		}
	}
	return out
}

func open(t *testing.T, store sequence.Store, observe func(sequence.Event), steps ...sequence.Step) *sequence.Sequence {
	t.Helper()
	opts := sequence.Options{Digest: "d1", Store: store}
	if observe != nil {
		opts.Observers = append(opts.Observers, observe)
	}
	s, err := sequence.New(steps, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func finish(t *testing.T, s *sequence.Sequence) {
	t.Helper()
	if err := s.Run(t.Context()); err != nil {
		t.Errorf("Run: %v", err)
	}
}
