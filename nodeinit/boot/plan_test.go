package boot

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/templates/component"
)

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		roles []component.Role
		want  []string
	}{
		"everything": {component.Roles(), []string{
			"preflight <", "mask < preflight", "packages < mask", "users < packages", "certificates < users",
			"facts < packages", "membership < facts", "files < certificates membership",
			"etcd/start < files", "etcd/ready < etcd/start",
			"patroni/start < files etcd/ready", "patroni/ready < patroni/start",
			"pgbouncer/start < files", "pgbouncer/ready < pgbouncer/start",
			"haproxy/start < files", "haproxy/ready < haproxy/start",
			"keepalived/start < files", "keepalived/ready < keepalived/start",
			"sql < patroni/ready",
			"verify < pgbouncer/ready haproxy/ready keepalived/ready sql",
		}},
		"postgres without etcd starts Patroni at once": {[]component.Role{component.RolePostgres}, []string{
			"preflight <", "mask < preflight", "packages < mask", "users < packages", "certificates < users",
			"facts < packages", "membership < facts", "files < certificates membership",
			"patroni/start < files", "patroni/ready < patroni/start",
			"pgbouncer/start < files", "pgbouncer/ready < pgbouncer/start",
			"sql < patroni/ready", "verify < pgbouncer/ready sql",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, tt.roles...)
			var got []string
			steps := f.plan()
			for _, s := range steps {
				got = append(got, s.Name+" < "+strings.Join(s.After, " "))
			}
			for i := range got {
				got[i] = strings.TrimSuffix(got[i], " ")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			if _, err := sequence.New(steps, sequence.Options{Digest: "x", Store: host.StateFile{Host: f.Host, Path: journalFile}}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEveryStepHasATitle: titles are what people read while they wait.
func TestEveryStepHasATitle(t *testing.T) {
	for _, s := range newFake(t).plan() {
		if s.Title == "" {
			t.Errorf("step %s has no title", s.Name)
		}
	}
}
