package patroni_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

// TestReady: answers are those of Patroni 3.0.2 and 4.0.7.
func TestReady(t *testing.T) {
	authority := stacktest.NewAuthority(t, patroni.RestCA)
	var answer string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/patroni" {
			t.Errorf("it asks for %s", r.URL.Path)
		}
		fmt.Fprint(w, answer)
	}))
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{
		authority.Pair(t, component.Certificate{CommonName: "pg1", IPs: []string{"127.0.0.1"}, Server: true})}}
	s.StartTLS()
	defer s.Close()

	root := t.TempDir()
	if err := os.MkdirAll(filepath.Dir(root+patroni.RestCAFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+patroni.RestCAFile, authority.PEM(), 0o644); err != nil {
		t.Fatal(err)
	}
	v := stacktest.View(t, "debian-13", "127.0.0.1/32")
	port := netip.MustParseAddrPort(s.Listener.Addr().String()).Port()
	settings := patroni.Settings{RestAPIPort: int(port)}.WithDefaults(component.ProfileNorm, v.Topology)
	probe := patroni.New(settings, etcd.Settings{}).Ready(v)

	for name, tt := range map[string]struct{ answer, want string }{
		"leader":              {`{"state": "running", "role": "primary", "timeline": 1}`, ""},
		"leader of Patroni 3": {`{"state": "running", "role": "master", "timeline": 1}`, ""},
		"replica":             {`{"state": "running", "role": "replica", "replication_state": "streaming"}`, ""},
		"before there is one": {`{"state": "stopped", "role": "uninitialized", "cluster_unlocked": true}`, `in state "stopped" (role uninitialized)`},
		"recovery":            {`{"state": "starting", "role": "replica"}`, `in state "starting"`},
		// Patroni makes its roles at this moment.
		"database in the making": {`{"state": "running", "role": "master", "cluster_unlocked": true}`, "no leader"},
		"garbage":                {`<html>`, "cannot read answer"},
	} {
		t.Run(name, func(t *testing.T) {
			answer = tt.answer
			err := probe.Check(t.Context(), stacktest.Access(root))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "pg1")) {
				t.Errorf("got %v, want %q of pg1", err, tt.want)
			}
		})
	}
}
