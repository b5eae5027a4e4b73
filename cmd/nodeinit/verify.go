package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
)

func newVerifyCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "verify",
		Short:   "Check that the cluster is healthy as seen from this machine; change nothing",
		Example: "  nodeinit verify\n  nodeinit verify --output json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkOutput(format); err != nil {
				return err
			}
			agent := newAgent(slog.New(slog.DiscardHandler), func(string) {})
			results, err := agent.Verify(c.Context())
			if err != nil {
				return err
			}
			p := &printer{w: c.OutOrStdout()}
			healthy := true
			for _, r := range results {
				healthy = healthy && r.OK
				if format == "text" {
					p.check(r)
				}
			}
			if format == "json" {
				p.err = printJSON(c.OutOrStdout(), results)
			}
			if p.err == nil && !healthy {
				return errUnhealthy
			}
			return p.err
		},
	}
	outputFlag(c, &format)
	return c
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print nodeinit's version", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), "nodeinit", version)
			return err
		},
	}
}
