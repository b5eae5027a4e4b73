package host_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
	"github.com/pgcgen/pgcgen/templates/component"
)

func TestEnsureUser(t *testing.T) {
	const group = "root:x:0:\npostgres:x:121:\nssl-cert:x:115:postgres,www\n"
	tests := map[string]struct {
		user component.User
		want []string
	}{
		"new": {component.User{Name: "etcd"}, []string{
			"groupadd --system etcd",
			"useradd --system --no-create-home --home-dir /nonexistent --gid etcd --shell /usr/sbin/nologin etcd"}},
		"new in a group that exists": {component.User{Name: "pgbouncer", Group: "postgres", Home: "/var/lib/pgbouncer"}, []string{
			"useradd --system --no-create-home --home-dir /var/lib/pgbouncer --gid postgres --shell /usr/sbin/nologin pgbouncer"}},
		"exists":               {component.User{Name: "postgres", Home: "/elsewhere"}, nil},
		"exists in its groups": {component.User{Name: "postgres", Groups: []string{"ssl-cert"}}, nil},
		"joins":                {component.User{Name: "postgres", Groups: []string{"root", "ssl-cert"}}, []string{"usermod --append --groups root postgres"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, runner := hosttest.New(t, map[string]string{"/etc/passwd": accounts, "/etc/group": group})
			changed, err := h.EnsureUser(t.Context(), tt.user)
			if err != nil || changed != (tt.want != nil) {
				t.Errorf("EnsureUser: %v, %v", changed, err)
			}
			if diff := cmp.Diff(tt.want, runner.Lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEnsureUserFails(t *testing.T) {
	h, runner := hosttest.New(t, nil)
	runner.On("useradd *", func(c host.Command) (host.Result, error) {
		return hosttest.Fails(1, "useradd: cannot lock /etc/passwd; try again later.")(c)
	})
	_, err := h.EnsureUser(t.Context(), component.User{Name: "etcd"})
	if err == nil || err.Error() != "cannot make user etcd: useradd: exit status 1: useradd: cannot lock /etc/passwd; try again later." {
		t.Errorf("EnsureUser: %v", err)
	}
	_, err = h.EnsureUser(t.Context(), component.User{Name: "root", Groups: []string{"ghosts"}})
	if err == nil || !strings.Contains(err.Error(), "no such group") {
		t.Errorf("EnsureUser: %v", err)
	}
}
