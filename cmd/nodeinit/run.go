package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/nodeinit/systemd"
)

func newRunCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "run",
		Short:   "Bring this machine up and stay (what nodeinit.service runs)",
		Example: "  nodeinit run",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			// The journal adds the time.
			drop := func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}
			log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{ReplaceAttr: drop}))
			agent := newAgent(log, console())
			unlock, err := agent.Host.Lock("/run/nodeinit/lock")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, unlock()) }()
			ctx, cancel := context.WithCancelCause(c.Context())
			defer cancel(nil)
			go func() {
				// Steps wait for others as long as it takes, so the only sign of a hang that means
				// anything is that nothing is scheduled any more.
				if err := systemd.KeepAlive(ctx, func() bool { return true }); err != nil {
					cancel(err)
				}
			}()
			return agent.Run(ctx)
		},
	}
}
