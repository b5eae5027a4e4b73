package etcd

import (
	"context"
	"errors"
	"fmt"

	"github.com/pgcgen/pgcgen/templates/component"
)

// ready asks this node's own member, over its own certificate, who leads.
func (s Settings) ready(v component.View) component.Probe {
	url := s.ClientURL(v.Node)
	return component.Probe{
		Sentence: fmt.Sprintf("etcd on %s answers as a member with a leader", v.Node.Name),
		Check: func(ctx context.Context, a component.Access) error {
			var status struct {
				Leader  uint64   `json:"leader,string"`
				Errors  []string `json:"errors"`
				Message string   `json:"message"`
			}
			files := component.TLSFiles{CA: ClientCA, Cert: AgentCrt, Key: AgentKey}
			code, err := component.AskJSON(ctx, a, files, url+"/v3/maintenance/status", struct{}{}, &status)
			switch {
			case err != nil:
				return fmt.Errorf("etcd on %s: %w", v.Node.Name, err)
			case code != 200:
				return fmt.Errorf("etcd on %s refuses: %s", v.Node.Name, status.Message)
			case len(status.Errors) > 0:
				return fmt.Errorf("etcd on %s reports %s", v.Node.Name, status.Errors[0])
			case status.Leader == 0:
				return errors.New("etcd has no leader: fewer than half of its members are reachable")
			}
			return agreed(ctx, a, files, url)
		},
	}
}

// agreed reports whether the members have agreed on the cluster's version, which takes
// them up to four seconds after the first election. Until then the cluster says that it is
// version 3.0.0, and Patroni takes that for a store it cannot use and sleeps.
func agreed(ctx context.Context, a component.Access, files component.TLSFiles, url string) error {
	var version struct {
		Cluster string `json:"etcdcluster"`
	}
	if _, err := component.AskJSON(ctx, a, files, url+"/version", nil, &version); err != nil {
		return fmt.Errorf("etcd at %s: %w", url, err)
	}
	if !component.AtLeast(version.Cluster, "3.4") {
		return fmt.Errorf("etcd's members have not agreed on a version yet (now %s)", version.Cluster)
	}
	return nil
}
