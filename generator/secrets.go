package generator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/pki"
	"github.com/pgcgen/pgcgen/templates/component"
)

// Where a password comes from.
const (
	SourceGenerated = "generated"
	SourceInventory = "inventory"
)

// Secret is the password of a declared PostgreSQL user.
type Secret struct {
	User string
	// Password prints as [redacted]; whoever shows it on purpose calls Reveal.
	Password component.Secret
	// Source is SourceGenerated or SourceInventory.
	Source string
}

// Secrets returns the passwords of the inventory's users, in its order. The generated ones
// are in the state, which a build makes.
func Secrets(_ context.Context, o Options) ([]Secret, error) {
	o = o.withDefaults()
	inv, _, err := o.load()
	if err != nil {
		return nil, err
	}
	state, err := pki.Load(o.stateDir(inv), inv.Cluster)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot show secrets: cluster %s has no state at %s yet; run pgcgen build", inv.Cluster, o.stateDir(inv))
	}
	if err != nil {
		return nil, err
	}
	return secrets(inv, state.Passwords())
}

func secrets(inv inventory.Inventory, generated map[string]component.Secret) ([]Secret, error) {
	out := make([]Secret, 0, len(inv.PostgreSQL.Users))
	for _, u := range inv.PostgreSQL.Users {
		s := Secret{User: u.Name, Password: u.Password, Source: SourceInventory}
		if u.Password == "" {
			password, ok := generated[u.Name]
			if !ok {
				return nil, fmt.Errorf("cannot show the password of %s: it has not been generated yet; run pgcgen build", u.Name)
			}
			s.Password, s.Source = password, SourceGenerated
		}
		out = append(out, s)
	}
	return out, nil
}
