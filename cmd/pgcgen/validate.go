package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/generator"
)

func (a *app) newValidateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "validate",
		Short: "Check an inventory and report every problem at once",
		Long: `Checks an inventory and renders every configuration file in memory. Nothing is written.

Every problem is printed as "file:line:column: path: message; fix". With --output json the
result is {cluster, nodes, problems: [{file, line, column, path, message, fix, severity}]}.`,
		Example: `  pgcgen validate -i inventory.yaml
  pgcgen validate -i inventory.yaml --strict --output json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			report, err := generator.Validate(c.Context(), a.options)
			switch {
			case a.format == "json" && report.Problems != nil:
				return a.finish(report, err)
			case err != nil:
				return a.fail(err)
			}
			a.printProblems(report.Problems)
			fmt.Fprintf(a.stdout, "%s is good: cluster %s with %s\n", a.options.Inventory, report.Cluster, plural(report.Nodes, "node"))
			return nil
		},
	}
	a.inventoryFlags(c)
	return c
}
