package probe_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/probe"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/keepalived"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

var local = component.Certificate{DNSNames: []string{"localhost"}, IPs: []string{"127.0.0.1"}, Server: true}

// patroni plays a Patroni that answers 200 to one path.
func patroni(t *testing.T, ca *stacktest.Authority, yes string) string {
	t.Helper()
	l := listen(t)
	server := &http.Server{
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{ca.Pair(t, local)}},
		ErrorLog:  log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != yes {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}),
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.ServeTLS(l, "", "") }() // it ends with the test
	return "https://" + l.Addr().String()
}

// port plays HAProxy or PostgreSQL.
func port(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l := listen(t)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answer(conn)
			}()
		}
	}()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// nobody is an address that refuses connections.
func nobody(t *testing.T) string {
	t.Helper()
	l := listen(t)
	_ = l.Close()
	return l.Addr().String()
}

func TestCheck(t *testing.T) {
	ca, other := stacktest.NewAuthority(t, "rest"), stacktest.NewAuthority(t, "rest")
	pair := other.Pair(t, local) // the check does not care who signed PostgreSQL's certificate
	works := func(conn net.Conn) {
		if _, err := io.ReadFull(conn, make([]byte, 8)); err == nil {
			_, _ = conn.Write([]byte("S"))
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake()
		}
	}
	closes := func(net.Conn) {}
	hangs := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	follow := func(patroni string) keepalived.Probe { return keepalived.Probe{Local: patroni} }
	proxy := func(haproxy string, patroni, postgres string) keepalived.Probe {
		return keepalived.Probe{Address: haproxy, Nodes: []keepalived.ProbeNode{
			{Name: "gone", Patroni: "https://" + nobody(t), PostgreSQL: nobody(t)},
			{Name: "pg2", Patroni: patroni, PostgreSQL: postgres},
		}}
	}
	primary, replica, standby, impostor := patroni(t, ca, "/primary"), patroni(t, ca, "/replica"), patroni(t, ca, "/standby-leader"), patroni(t, other, "/primary")
	for _, test := range []struct {
		name  string
		probe keepalived.Probe
		want  string
	}{
		{"HAProxy leads to PostgreSQL", proxy(port(t, works), primary, port(t, works)), ""},
		{"HAProxy is not there", proxy(nobody(t), replica, port(t, works)), "cannot connect"},
		{"no server, and nobody leads", proxy(port(t, closes), replica, port(t, works)), ""},
		{"no server, and a node leads", proxy(port(t, closes), primary, port(t, works)), "pg2 is the primary"},
		{"HAProxy hangs, and nobody leads", proxy(port(t, hangs), replica, port(t, works)), ""},
		{"HAProxy hangs, and a node leads", proxy(port(t, hangs), primary, port(t, works)), "pg2 is the primary"},
		{"the leader's PostgreSQL hangs", proxy(port(t, hangs), primary, port(t, hangs)), ""},
		{"the leader's PostgreSQL is gone", proxy(port(t, closes), primary, nobody(t)), ""},
		{"a leader of another authority", proxy(port(t, closes), impostor, port(t, works)), ""},
		{"leader", follow(primary), ""},
		{"standby leader", follow(standby), ""},
		{"replica", follow(replica), "not the leader"},
		{"Patroni is not there", follow("https://" + nobody(t)), "cannot ask"},
		{"Patroni of another authority", follow(impostor), "certificate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			if err := os.WriteFile(filepath.Join(root, "ca.crt"), ca.PEM(), 0o600); err != nil {
				t.Fatal(err)
			}
			test.probe.CA, test.probe.TimeoutMS = "/ca.crt", 3000
			err := probe.Check(t.Context(), test.probe, stacktest.Access(root))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	for want, p := range map[string]keepalived.Probe{
		"timeout_ms": {CA: "/ca.crt"},
		"authority":  {CA: "/missing.crt", TimeoutMS: 1000},
	} {
		if err := probe.Check(t.Context(), p, stacktest.Access(t.TempDir())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
