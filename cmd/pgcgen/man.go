package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newManCommand is for whoever packages pgcgen.
func (a *app) newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return failure{fmt.Errorf("cannot write manual pages: %w", err)}
			}
			root := c.Root()
			root.DisableAutoGenTag = true
			// The date is that of no build: same version, same bytes.
			date := time.Unix(0, 0).UTC()
			header := &doc.GenManHeader{Title: "PGCGEN", Section: "1", Source: "pgcgen " + version, Manual: "pgcgen manual", Date: &date}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return failure{fmt.Errorf("cannot write manual pages: %w", err)}
			}
			return nil
		},
	}
}
