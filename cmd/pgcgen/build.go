package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/generator"
)

func (a *app) newBuildCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "build",
		Short: "Build seeds, certificates and packages from an inventory",
		Long: `Builds the output folder from an inventory: for each node user-data, meta-data,
network-config, seed.iso and a preview of its configuration files; packages of nodeinit;
certificates of the authorities; the signed cluster spec; a runbook and a picture.

What a cluster must keep - keys, passwords, its identity - is in the state folder, which is
made by the first build and used by all later ones: back it up, and keep it out of git. The
same inventory, state and version give the same bytes. A build that fails leaves the old
output untouched.

With --output json the result is {cluster, uuid, generation, out, state, files, nodes:
[{name, seed, user_data_bytes}], packages: [{path, bytes, sha256}], issued: [{name,
reason}], expiry: [{name, not_after, days, soon}], problems, warnings, notes}, or
{problems} when the inventory is wrong.`,
		Example: `  pgcgen build -i inventory.yaml -o out
  pgcgen build -i inventory.yaml -o out --state /srv/pgcgen/main --strict`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p := newProgress(a.stderr)
			a.options.Progress = p.step
			result, err := generator.Build(c.Context(), a.options)
			p.stop()
			switch {
			case err != nil:
				return a.fail(err)
			case a.format == "json":
				return a.printJSON(result)
			}
			a.printProblems(result.Problems)
			a.printBuild(result)
			return nil
		},
	}
	a.inventoryFlags(c)
	a.stateFlag(c)
	c.Flags().StringVarP(&a.options.Out, "out", "o", "out", "output `folder`; replaced when the build succeeds")
	c.Flags().BoolVar(&a.options.NoPackages, "no-packages", false, "leave out nodeinit's packages (for images that have nodeinit)")
	c.Flags().BoolVar(&a.options.NoPreview, "no-preview", false, "leave out the preview of each node's configuration files")
	return c
}

// printBuild says what was made, and what to do next.
func (a *app) printBuild(r generator.Result) {
	for _, w := range r.Warnings {
		fmt.Fprintln(a.stderr, "warning:", w)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(a.stderr, "note:", n)
	}
	fmt.Fprintf(a.stdout, "Cluster %s, generation %d: %s, %s, %s in %s\n", r.Cluster, r.Generation,
		plural(len(r.Nodes), "node"), plural(len(r.Packages), "package"), plural(r.Files, "file"), r.Out)
	if len(r.Issued) > 0 {
		fmt.Fprintf(a.stdout, "Certificates made: %d (%s)\n", len(r.Issued), reasons(r.Issued))
	}
	fmt.Fprintf(a.stdout, "State: %s (keys and passwords: back it up, keep it out of git)\n\nNext:\n", r.State)
	for _, n := range r.Nodes[:min(len(r.Nodes), 5)] {
		fmt.Fprintf(a.stdout, "  boot %s with %s\n", n.Name, n.Seed)
	}
	if more := len(r.Nodes) - 5; more > 0 {
		fmt.Fprintf(a.stdout, "  and %d more nodes with theirs\n", more)
	}
	fmt.Fprintf(a.stdout, "  read %s/RUNBOOK.md\n", r.Out)
}
