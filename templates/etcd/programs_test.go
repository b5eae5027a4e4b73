//go:build programs

package etcd_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

// member is a real etcd that runs with the rendered configuration.
type member struct {
	settings etcd.Settings
	view     component.View
	root     string
	process  *stacktest.Process
}

func (m *member) start(t *testing.T) {
	t.Helper()
	config := m.root + "/etc/pgc/etcd/etcd.yaml"
	m.process = stacktest.Launch(t, stacktest.User(t, "etcd"), &stacktest.Log{}, m.view.Platform.Program("etcd", 0), "--config-file", config)
}

// ready is the probe that nodeinit waits for.
func (m *member) ready(ctx context.Context) error {
	return etcd.New(m.settings).Ready(m.view).Check(ctx, stacktest.Access(m.root))
}

// members are three, with all they need below folders of their own.
func members(t *testing.T) []*member {
	t.Helper()
	view := stacktest.View(t, stacktest.HostOS(t), "127.0.0.1/32", "127.0.0.1/32", "127.0.0.1/32")
	view.Facts.Birth = component.Birth{State: "new", Token: "born-in-a-test"}
	var list []*member
	for _, n := range view.Nodes {
		s := etcd.Settings{ClientPort: stacktest.FreePort(t), PeerPort: stacktest.FreePort(t)}.WithDefaults(component.ProfileNorm, view.Topology)
		list = append(list, &member{settings: s, root: stacktest.Root(t)})
		view.Facts.Birth.Members = append(view.Facts.Birth.Members, component.Member{Name: n.Name, PeerURL: s.PeerURL(n)})
	}
	authorities := map[string]*stacktest.Authority{etcd.CA: stacktest.NewAuthority(t, etcd.CA), etcd.PeerCA: stacktest.NewAuthority(t, etcd.PeerCA)}
	for i, m := range list {
		m.view = view
		m.view.Node = view.Nodes[i]
		stacktest.Install(t, m.root, m.view, etcd.New(m.settings), authorities, stacktest.User(t, "etcd"))
	}
	return list
}

func TestRealEtcd(t *testing.T) {
	list := members(t)
	until := func(m *member) {
		t.Helper()
		stacktest.Until(t, func() error { return m.ready(t.Context()) })
	}
	list[0].start(t)
	if err := list[0].ready(t.Context()); err == nil {
		t.Error("one of three members calls itself ready")
	}
	list[1].start(t)
	list[2].start(t)
	for _, m := range list {
		until(m)
	}
	t.Run("identities", func(t *testing.T) { identities(t, list[0]) })
	t.Run("a member that died comes back", func(t *testing.T) {
		list[2].process.Kill()
		until(list[0])
		list[2].start(t)
		until(list[2])
	})
	t.Run("without a majority nobody is ready", func(t *testing.T) {
		list[1].process.Kill()
		list[2].process.Kill()
		stacktest.Until(t, func() error {
			if err := list[0].ready(t.Context()); err == nil || !strings.Contains(err.Error(), "no leader") {
				return fmt.Errorf("the last member says %v", err)
			}
			return nil
		})
	})
}

// identities tells who gets in at which port: a client's certificate never makes a member,
// a member's never reads, and nobody comes without one.
func identities(t *testing.T, m *member) {
	agent := component.TLSFiles{CA: etcd.ClientCA, Cert: etcd.AgentCrt, Key: etcd.AgentKey}
	tls := "/etc/pgc/etcd/tls/"
	client, peer := m.settings.ClientURL(m.view.Node), m.settings.PeerURL(m.view.Node)
	for _, tt := range []struct {
		name, url string
		files     component.TLSFiles
		in        bool
	}{
		{"an agent", client + "/version", agent, true},
		{"nobody", client + "/version", component.TLSFiles{CA: etcd.ClientCA}, false},
		{"a member as a client", client + "/version", component.TLSFiles{CA: etcd.ClientCA, Cert: tls + "peer.crt", Key: tls + "peer.key"}, false},
		{"a member", peer + "/members", component.TLSFiles{CA: tls + "peer-ca.crt", Cert: tls + "peer.crt", Key: tls + "peer.key"}, true},
		{"nobody as a member", peer + "/members", component.TLSFiles{CA: tls + "peer-ca.crt"}, false},
		{"an agent as a member", peer + "/members", component.TLSFiles{CA: tls + "peer-ca.crt", Cert: etcd.AgentCrt, Key: etcd.AgentKey}, false},
		{"an agent that trusts another authority", client + "/version", component.TLSFiles{CA: tls + "peer-ca.crt", Cert: etcd.AgentCrt, Key: etcd.AgentKey}, false},
	} {
		var answer any
		code, err := component.AskJSON(t.Context(), stacktest.Access(m.root), tt.files, tt.url, nil, &answer)
		if in := err == nil && code == 200; in != tt.in {
			t.Errorf("%s: let in %v, want %v (code %d, %v)", tt.name, in, tt.in, code, err)
		}
	}
}
