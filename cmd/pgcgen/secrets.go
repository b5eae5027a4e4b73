package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pgcgen/pgcgen/generator"
)

// secretJSON is a password for programs.
type secretJSON struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Source   string `json:"source"`
}

func (a *app) newSecretsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secrets",
		Short: "Print the passwords of the declared PostgreSQL users",
		Long: `Prints the passwords of the users that the inventory declares: those that builds have
generated into the state, and those the inventory gives. They go to standard output only.

With --output json the result is [{user, password, source}], source being "generated" or
"inventory".`,
		Example: `  pgcgen secrets -i inventory.yaml
  pgcgen secrets -i inventory.yaml --output json | jq -r '.[] | select(.user == "app").password'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			secrets, err := generator.Secrets(c.Context(), a.options)
			if err != nil {
				return a.fail(err)
			}
			if a.format == "json" {
				out := []secretJSON{}
				for _, s := range secrets {
					out = append(out, secretJSON{s.User, s.Password.Reveal(), s.Source})
				}
				return a.printJSON(out)
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "USER\tPASSWORD\tSOURCE")
			for _, s := range secrets {
				fmt.Fprintf(w, "%s\t%s\t%s\n", s.User, s.Password.Reveal(), s.Source)
			}
			return a.failed(w.Flush())
		},
	}
	a.inventoryFlags(c)
	a.stateFlag(c)
	return c
}
