package boot

import (
	"context"
	"time"

	"github.com/pgcgen/pgcgen/templates/component"
)

// healer recognises one state that Patroni cannot leave by itself, and ends it.
//
// Patroni takes the right to run initdb by creating the key "initialize" with an empty
// value and no lease. When that request times out on Patroni's side although etcd has
// committed it, or the member dies before initdb, the key stays: every member then says
// "waiting for leader to bootstrap" for ever (lab notes; patroni issue 641). The key is
// deleted only when, over the whole patience, it did not change, there was no leader, and
// every PostgreSQL node answered that it is stopped and has no system identifier; and only
// in a transaction that fails when the key or the leader changed meanwhile.
type healer struct {
	*bringUp
	revision int64
	since    time.Time
}

// look samples the cluster once; it heals when the stuck state has held long enough.
func (h *healer) look(ctx context.Context) {
	prefix := h.spec.Cluster.Settings.Patroni.KeyPrefix(h.spec.Cluster.Name)
	revision, stuck := h.stuck(ctx, prefix)
	now := h.Now()
	if !stuck || revision != h.revision {
		h.revision, h.since = revision, now
		return
	}
	if now.Sub(h.since) < h.patience() {
		return
	}
	deleted, err := h.peers.dcs.DeleteIf(ctx, prefix+"initialize", revision, prefix+"leader")
	h.Log.Warn("initialize key was left behind by an interrupted bootstrap", "deleted", deleted, "error", err)
	h.revision = 0
}

// patience is twice the time in which a living leader renews its key.
func (h *healer) patience() time.Duration {
	return 2 * time.Duration(h.spec.Cluster.Settings.Patroni.TTL) * time.Second
}

// stuck reports whether the state holds now, and the revision of the key. Revision 0 means
// that there is no such state.
func (h *healer) stuck(ctx context.Context, prefix string) (int64, bool) {
	key, err := h.peers.dcs.Get(ctx, prefix+"initialize")
	if err != nil || key == nil || len(key.Value) > 0 || key.Lease != 0 {
		return 0, false
	}
	leader, err := h.peers.dcs.Get(ctx, prefix+"leader")
	if err != nil || leader != nil {
		return 0, false
	}
	for _, n := range h.spec.Cluster.With(component.RolePostgres) {
		i, err := h.peers.instance(ctx, n)
		if err != nil || i.State != "stopped" || i.SystemID != "" {
			return 0, false
		}
	}
	return key.ModRevision, true
}
