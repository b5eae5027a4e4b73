package boot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/membership"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
)

// TestStatusTellsBlockAndRecovery: a blocked step is the machine's phase with its remedy;
// when the cause is gone the machine goes on by itself.
func TestStatusTellsBlockAndRecovery(t *testing.T) {
	f := newFake(t)
	board := newBoard(f.Agent)
	repaired := make(chan struct{})
	seq, err := sequence.New([]sequence.Step{{Name: "one", Title: "one holds", Run: func(context.Context, *sequence.Report) error {
		select {
		case <-repaired:
			return nil
		default:
			return fault.Blocked(errors.New("port 5432 is taken by nginx"), "stop nginx")
		}
	}}}, sequence.Options{
		Digest: "x", Store: host.StateFile{Host: f.Host, Path: journalFile}, Observers: []func(sequence.Event){board.observe},
		Pace: sequence.Pace{First: time.Millisecond, Max: time.Millisecond, Blocked: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	board.begin(f.bringUp, seq)
	done := make(chan error, 1)
	go func() { done <- seq.Run(t.Context()) }()
	var blocked Status
	for blocked.Phase != PhaseBlocked {
		if blocked, err = ReadStatus(f.Host.ReadFile); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(blocked.Reason, "taken by nginx") || blocked.Remedy != "stop nginx" || blocked.Node != "pg1" {
		t.Errorf("status %+v", blocked)
	}
	if len(blocked.Warnings) != 1 || blocked.Warnings[0] != membership.Warning {
		t.Errorf("warnings %v", blocked.Warnings)
	}
	close(repaired)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	board.healthy()
	if s, err := ReadStatus(f.Host.ReadFile); err != nil || s.Phase != PhaseHealthy || s.Reason != "" || s.Steps[0].State != sequence.Done {
		t.Errorf("status %+v, %v", s, err)
	}
}

func TestStatusOfChecks(t *testing.T) {
	f := newFake(t)
	board := newBoard(f.Agent)
	board.checked(runChecks(t.Context(), []Check{
		{"a", "a holds", func(context.Context) error { return nil }},
		{"b", "b holds", func(context.Context) error { return errors.New("pg2 does not stream") }},
	}))
	s, err := ReadStatus(f.Host.ReadFile)
	if err != nil || s.Phase != PhaseSick || !strings.Contains(s.Reason, "b: pg2 does not stream") || !s.Checks[0].OK || s.Checks[1].OK {
		t.Errorf("status %+v, %v", s, err)
	}
}

// TestAwaitSpecWaitsAndRefuses: no spec is waited for, a bad one is named, and neither
// touches the machine.
func TestAwaitSpecWaitsAndRefuses(t *testing.T) {
	f := newFake(t)
	board := newBoard(f.Agent)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.awaitSpec(ctx, board); err == nil {
		t.Error("a spec came out of nothing")
	}
	if s, err := ReadStatus(f.Host.ReadFile); err != nil || s.Phase != PhaseWaiting || !strings.Contains(s.Reason, spec.SentinelFile) {
		t.Errorf("status %+v, %v", s, err)
	}
	board.refused(errors.New("cannot trust node.json"))
	if s, err := ReadStatus(f.Host.ReadFile); err != nil || s.Phase != PhaseRefused || s.Remedy == "" {
		t.Errorf("status %+v, %v", s, err)
	}
	if len(f.systemd.Calls()) > 0 {
		t.Errorf("systemd was asked: %v", f.systemd.Calls())
	}
}
