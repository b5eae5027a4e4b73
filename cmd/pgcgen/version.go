package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/nodeinit/spec"
)

func (a *app) newVersionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Prints the version of pgcgen, which is that of the nodeinit it packages, and the format of
the specs it writes. With --output json the result is {version, spec_format, go, platform}.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			platform := runtime.GOOS + "/" + runtime.GOARCH
			if a.format == "json" {
				return a.printJSON(map[string]any{
					"version": version, "spec_format": spec.Format, "go": runtime.Version(), "platform": platform,
				})
			}
			fmt.Fprintf(a.stdout, "pgcgen %s (spec format %d, %s, %s)\n", version, spec.Format, runtime.Version(), platform)
			return nil
		},
	}
	a.outputFlag(c)
	return c
}
