package main

import (
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/generator"
)

// renderedJSON is a rendered file for programs.
type renderedJSON struct {
	Node    string `json:"node"`
	Path    string `json:"path"`
	Mode    string `json:"mode"`
	Owner   string `json:"owner"`
	Group   string `json:"group"`
	Content string `json:"content"`
}

func (a *app) newRenderCommand() *cobra.Command {
	var node, component string
	c := &cobra.Command{
		Use:   "render",
		Short: "Show the configuration files that nodes will get",
		Long: `Shows the files that nodeinit will write, with the facts that are known before a machine
boots: versions are those of the platform's stock release. No file holds a secret.

With --output json the result is [{node, path, mode, owner, group, content}].`,
		Example: `  pgcgen render -i inventory.yaml --node pg1 --component haproxy`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			files, err := generator.Render(c.Context(), a.options, node, component)
			if err != nil {
				return a.fail(err)
			}
			out := []renderedJSON{}
			for _, f := range files {
				out = append(out, renderedJSON{f.Node, f.Path, octal(f.Mode), orRoot(f.Owner), orRoot(f.Group), string(f.Data)})
			}
			if a.format == "json" {
				return a.printJSON(out)
			}
			for _, f := range out {
				fmt.Fprintf(a.stdout, "==> %s:%s (%s %s:%s) <==\n%s\n", f.Node, f.Path, f.Mode, f.Owner, f.Group, f.Content)
			}
			return nil
		},
	}
	a.inventoryFlags(c)
	a.stateFlag(c)
	c.Flags().StringVar(&node, "node", "", "only the files of this `node`")
	c.Flags().StringVar(&component, "component", "", "only the files of this `component`")
	return c
}

func octal(m fs.FileMode) string { return fmt.Sprintf("%04o", m.Perm()) }

func orRoot(name string) string {
	if name == "" {
		return "root"
	}
	return name
}
