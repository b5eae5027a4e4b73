package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/generator"
)

// app is what the commands share: where they print, and the options of all of them.
type app struct {
	program        func(arch string) ([]byte, error)
	stdout, stderr io.Writer
	options        generator.Options
	format         string
}

const rootHelp = `pgcgen turns one inventory file, offline, into everything that machines need in order to
make a highly available PostgreSQL cluster by themselves: a cloud-init seed and TLS
identities for each, and packages of nodeinit, which brings the machine up.

Exit codes: 0 done; 1 failed; 2 the inventory or the command line is wrong.`

func (a *app) newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "pgcgen",
		Short: "Build PostgreSQL clusters that assemble themselves",
		Long:  rootHelp,
		Example: `  pgcgen validate -i inventory.yaml
  pgcgen build -i inventory.yaml -o out
  pgcgen secrets -i inventory.yaml`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.AddCommand(a.newValidateCommand(), a.newBuildCommand(), a.newRenderCommand(),
		a.newSecretsCommand(), a.newVersionCommand(), a.newManCommand())
	return root
}

// inventoryFlags adds the flags of every command that reads an inventory.
func (a *app) inventoryFlags(c *cobra.Command) {
	c.Flags().StringVarP(&a.options.Inventory, "inventory", "i", "inventory.yaml", "inventory `file`")
	c.Flags().BoolVar(&a.options.Strict, "strict", false, "take warnings for errors")
	a.outputFlag(c)
}

func (a *app) stateFlag(c *cobra.Command) {
	c.Flags().StringVar(&a.options.State, "state", "", "state `folder`: keys, passwords, identity (default .pgcgen/<cluster> beside the inventory)")
}

// outputFlag adds --output to a command that programs may read.
func (a *app) outputFlag(c *cobra.Command) {
	c.Flags().StringVar(&a.format, "output", "text", "how to print the result: text or json")
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.format != "text" && a.format != "json" {
			return fmt.Errorf("--output is %q: use text or json", a.format)
		}
		a.options.Version, a.options.Program = version, a.program
		return nil
	}
}
