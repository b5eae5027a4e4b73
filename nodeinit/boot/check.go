package boot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/templates/component"
)

// Check is one thing that must hold on a healthy node, seen from this node.
type Check struct {
	// Name is what it is about: "etcd", "replication".
	Name string
	// Sentence states what holds.
	Sentence string
	Run      func(context.Context) error
}

// Result is the outcome of a Check.
type Result struct {
	Check    string `json:"check"`
	Sentence string `json:"sentence"`
	OK       bool   `json:"ok"`
	// Reason says why the sentence does not hold.
	Reason string `json:"reason,omitempty"`
}

// checkTimeout bounds one check; each asks several programs.
const checkTimeout = 15 * time.Second

// checks is what healthy means. Five active units prove nothing: members must stream from
// the leader on its timeline, and every HAProxy must see it so.
func (b *bringUp) checks() []Check {
	list := []Check{{"units", "every unit is active", b.unitsActive}}
	for _, c := range b.components {
		if c.Ready != nil {
			probe := c.Ready(b.view())
			list = append(list, Check{c.Name, probe.Sentence, func(ctx context.Context) error { return probe.Check(ctx, b.Host) }})
		}
	}
	list = append(list,
		Check{"members", "every etcd member of the inventory is a started voter", b.membersStarted},
		Check{"timeline", "every PostgreSQL member runs on the leader's timeline", b.sameTimeline},
	)
	if b.self.Has(component.RolePostgres) {
		list = append(list,
			Check{"replication", "every replica streams from the leader", b.allStream},
			Check{"synchronous", "a replica is synchronous, if the inventory asks for one", b.synchronous},
			Check{"roles", "declared roles and databases exist", b.checkRoles},
		)
	}
	if b.self.Has(component.RoleHAProxy) {
		list = append(list, Check{"balancing", b.balancingSentence(), b.balanced})
	}
	return append(list,
		Check{"files", "files are as the spec renders them", b.noDrift},
		Check{"certificates", "no certificate expires within 30 days", b.certificatesLast},
	)
}

// runChecks runs all checks at once and returns their results in order.
func runChecks(ctx context.Context, checks []Check) []Result {
	results := make([]Result, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() {
			bounded, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			results[i] = Result{Check: c.Name, Sentence: c.Sentence, OK: true}
			if err := c.Run(bounded); err != nil {
				results[i].OK, results[i].Reason = false, err.Error()
			}
		})
	}
	wg.Wait()
	return results
}

// failed joins the reasons of the checks that do not hold.
func failed(results []Result) error {
	var errs []error
	for _, r := range results {
		if !r.OK {
			errs = append(errs, fmt.Errorf("%s: %s", r.Check, strings.ReplaceAll(r.Reason, "\n", "; ")))
		}
	}
	return errors.Join(errs...)
}

// verify waits until the cluster is healthy as seen from this node. While it waits, roles
// are kept: this node may have become the leader after the sql step.
func (b *bringUp) verify(ctx context.Context, r *sequence.Report) error {
	return r.Until(ctx, func(ctx context.Context) error { return failed(runChecks(ctx, b.checks())) })
}
