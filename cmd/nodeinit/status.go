package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/nodeinit/boot"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
)

func newStatusCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "status",
		Short:   "Show how far this machine is, what it waits for and what to do",
		Example: "  nodeinit status\n  nodeinit status --output json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkOutput(format); err != nil {
				return err
			}
			s, err := boot.ReadStatus(host.New().ReadFile)
			if err != nil {
				return err
			}
			if format == "json" {
				return printJSON(c.OutOrStdout(), s)
			}
			return printStatus(c.OutOrStdout(), s, time.Now())
		},
	}
	outputFlag(c, &format)
	return c
}

func printStatus(w io.Writer, s boot.Status, now time.Time) error {
	p := &printer{w: w}
	p.line("%s in cluster %s: %s since %s", orNone(s.Node), orNone(s.Cluster), s.Phase, now.Sub(s.Since).Round(time.Second))
	if s.Reason != "" {
		p.line("  reason: %s", s.Reason)
	}
	if s.Remedy != "" {
		p.line("  to do:  %s", s.Remedy)
	}
	for _, warning := range s.Warnings {
		p.line("  note:   %s", warning)
	}
	for _, step := range s.Steps {
		p.line("  %-8s %-18s %s", step.State, step.Step, stepNote(step, now))
	}
	for _, check := range s.Checks {
		p.check(check)
	}
	return p.err
}

func stepNote(s sequence.Status, now time.Time) string {
	switch {
	case s.Reason != "":
		return fmt.Sprintf("%s (for %s)", s.Reason, now.Sub(s.Since).Round(time.Second))
	case s.Took > 0:
		return fmt.Sprintf("%s (%s)", s.Title, s.Took.Round(10*time.Millisecond))
	default:
		return s.Title
	}
}

func orNone(s string) string {
	if s == "" {
		return "(none yet)"
	}
	return s
}

// printer remembers the first write error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) check(r boot.Result) {
	if r.OK {
		p.line("  ok       %-14s %s", r.Check, r.Sentence)
		return
	}
	p.line("  FAILED   %-14s %s: %s", r.Check, r.Sentence, r.Reason)
}

func newPlanCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "plan",
		Short:   "Show the steps that bring this machine up",
		Example: "  nodeinit plan",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkOutput(format); err != nil {
				return err
			}
			agent := newAgent(slog.New(slog.DiscardHandler), func(string) {})
			steps, err := agent.Plan()
			if err != nil {
				return err
			}
			if format == "json" {
				return printJSON(c.OutOrStdout(), steps)
			}
			p := &printer{w: c.OutOrStdout()}
			for i, s := range steps {
				p.line("%2d  %-18s %s", i+1, s.Step, s.Title)
			}
			return p.err
		},
	}
	outputFlag(c, &format)
	return c
}

func newWaitCommand() *cobra.Command {
	var timeout time.Duration
	c := &cobra.Command{
		Use:     "wait",
		Short:   "Wait until this machine is healthy",
		Example: "  nodeinit wait --timeout 5m",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			return waitHealthy(ctx, host.New().ReadFile)
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "how long to wait")
	return c
}

func waitHealthy(ctx context.Context, read func(string) ([]byte, error)) error {
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		s, err := boot.ReadStatus(read)
		if err == nil && s.Phase == boot.PhaseHealthy {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			if err != nil {
				return err
			}
			return fmt.Errorf("this machine is not healthy: %s %s", s.Phase, s.Reason)
		}
	}
}
