package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/nodeinit/probe"
	"github.com/pgcgen/pgcgen/templates/keepalived"
)

func newProbeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "probe FILE",
		Short: "Check whether this machine may hold the virtual address (keepalived runs this)",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("cannot read probe: %w", err)
			}
			var p keepalived.Probe
			if err := json.Unmarshal(data, &p); err != nil {
				return fmt.Errorf("cannot read probe %s: %w", args[0], err)
			}
			return probe.Check(c.Context(), p, machine{})
		},
	}
}

// machine reads the machine as it is, for a probe that runs without root.
type machine struct{}

func (machine) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }
func (machine) Path(path string) string              { return path }
