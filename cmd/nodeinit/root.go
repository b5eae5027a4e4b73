package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/nodeinit/boot"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/packages"
	"github.com/pgcgen/pgcgen/nodeinit/systemd"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// version is set by the linker.
var version = "devel"

// usageError is a wrong command line.
type usageError struct{ error }

// errUnhealthy ends a command whose output has already said why.
var errUnhealthy = errors.New("unhealthy")

func classify(err error) (code int, silent bool) {
	var usage usageError
	switch {
	case errors.As(err, &usage):
		return 2, false
	case errors.Is(err, errUnhealthy):
		return 1, true
	default:
		return 1, false
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "nodeinit",
		Short: "Bring this machine up as a node of its PostgreSQL cluster",
		Long: `nodeinit reads the spec that pgcgen built for this machine (/etc/nodeinit) and brings
up etcd, Patroni with PostgreSQL, PgBouncer, HAProxy and keepalived.

Exit codes: 0 done or healthy, 1 failed or unhealthy, 2 wrong usage.`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newRunCommand(), newStatusCommand(), newPlanCommand(), newVerifyCommand(), newWaitCommand(),
		newProbeCommand(), newVersionCommand())
	return root
}

// newAgent makes the agent of this very machine.
func newAgent(log *slog.Logger, console func(string)) *boot.Agent {
	h := host.New()
	journal := systemd.Journalctl(func(ctx context.Context, argv ...string) ([]byte, error) {
		result, err := h.Runner.Run(ctx, host.Command{Argv: argv})
		return result.Stdout, err
	})
	return &boot.Agent{
		Host: h, Systemd: systemd.NewBus(journal), Log: log, Console: console, Version: version, Now: time.Now,
		Installer: func(p platform.Platform) (packages.Installer, error) { return packages.New(p, h) },
	}
}

// outputFlag adds --output to a command that programs read.
func outputFlag(c *cobra.Command, format *string) {
	c.Flags().StringVar(format, "output", "text", "how to print: text or json")
}

// printJSON writes v for programs.
func printJSON(w io.Writer, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode output: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", data)
	return err
}

// checkOutput refuses unknown formats.
func checkOutput(format string) error {
	if format != "text" && format != "json" {
		return usageError{fmt.Errorf("--output is %q: use text or json", format)}
	}
	return nil
}

// console opens what a person before the machine looks at; a machine without one is fine.
func console() func(string) {
	f, err := os.OpenFile("/dev/console", os.O_WRONLY, 0)
	if err != nil {
		return func(string) {}
	}
	return func(line string) {
		if _, err := fmt.Fprintf(f, "%s\r\n", line); err != nil {
			return
		}
	}
}
