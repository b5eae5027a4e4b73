package patroni

import (
	"context"
	"fmt"

	"github.com/pgcgen/pgcgen/templates/component"
)

// ready asks this node's Patroni whether its PostgreSQL runs in a cluster with a leader.
func (s Settings) ready(v component.View) component.Probe {
	url := s.RestURL(v.Node)
	return component.Probe{
		Sentence: fmt.Sprintf("PostgreSQL on %s runs under Patroni as leader or replica", v.Node.Name),
		Check: func(ctx context.Context, a component.Access) error {
			var i struct {
				State    string `json:"state"`
				Role     string `json:"role"`
				Unlocked bool   `json:"cluster_unlocked"`
			}
			if _, err := component.AskJSON(ctx, a, component.TLSFiles{CA: RestCAFile}, url+"/patroni", nil, &i); err != nil {
				return fmt.Errorf("Patroni on %s: %w", v.Node.Name, err)
			}
			if i.State != "running" && i.State != "streaming" {
				return fmt.Errorf("PostgreSQL on %s is in state %q (role %s)", v.Node.Name, i.State, i.Role)
			}
			// A server that runs before there is a leader is still being made: Patroni creates its
			// roles then, gives up on the database when someone else does at the same time, and
			// takes the lock last.
			if i.Unlocked {
				return fmt.Errorf("PostgreSQL on %s runs, but the cluster has no leader", v.Node.Name)
			}
			return nil
		},
	}
}
