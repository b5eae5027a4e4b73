// Package probe is the check that decides whether a node may hold the virtual address.
// keepalived runs it as an unprivileged user, every second or so.
//
// It fails only for what another node would do better: a check that fails on every node at
// once takes the address away from all of them.
package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/keepalived"
	"github.com/pgcgen/pgcgen/templates/pgtls"
)

// Check returns nil when this node may hold the address, and otherwise the reason. It ends
// within the probe's timeout.
func Check(ctx context.Context, p keepalived.Probe, a component.Access) error {
	total := time.Duration(p.TimeoutMS) * time.Millisecond
	if total <= 0 {
		return errors.New("cannot check without a timeout: timeout_ms is missing")
	}
	ctx, cancel := context.WithTimeout(ctx, total)
	defer cancel()
	config, err := component.TLSFiles{CA: p.CA}.Config(a)
	if err != nil {
		return err
	}
	ask := asker{&http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}}
	if p.Address == "" {
		return leads(ctx, ask, p.Local)
	}
	return serves(ctx, ask, p, total)
}

// leads holds when this node's Patroni leads a cluster, or a standby cluster.
func leads(ctx context.Context, ask asker, url string) error {
	for _, path := range []string{"/primary", "/standby-leader"} {
		yes, err := ask.ok(ctx, url+path)
		if yes || err != nil {
			return err
		}
	}
	return errors.New("this node's Patroni is not the leader")
}

// serves holds when the local HAProxy leads a PostgreSQL client to a server, and also when
// it does not and no other node's would.
func serves(ctx context.Context, ask asker, p keepalived.Probe, total time.Duration) error {
	local, cancel := context.WithTimeout(ctx, total*4/10)
	defer cancel()
	through := shake(local, p.Address)
	if through == nil || errors.Is(through, pgtls.ErrUnreachable) {
		return through
	}
	asked, cancel := context.WithTimeout(ctx, total*3/10)
	defer cancel()
	primary, found := ask.primary(asked, p.Nodes)
	if !found {
		return nil // The cluster is electing its leader, or this network is cut off.
	}
	if shake(ctx, primary.PostgreSQL) != nil {
		return nil // The leader itself does not answer: no HAProxy helps.
	}
	return fmt.Errorf("%s is the primary and answers, but not through this node's HAProxy: %w", primary.Name, through)
}

// shake does not verify the certificate: the check sends nothing, and one that clients
// refuse is no better by way of another node.
func shake(ctx context.Context, address string) error {
	return pgtls.Handshake(ctx, address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
}
