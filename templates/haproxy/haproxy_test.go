package haproxy_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgbouncer"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

func defaults(change func(*haproxy.Settings)) haproxy.Settings {
	var s haproxy.Settings
	if change != nil {
		change(&s)
	}
	return s.WithDefaults(component.ProfileNorm, component.Topology{})
}

func TestRules(t *testing.T) {
	for _, p := range component.Profiles() {
		s := haproxy.Settings{}.WithDefaults(p, component.Topology{})
		if problems := haproxy.New(s, patroni.Settings{}, pgbouncer.Settings{}).Rules(component.Topology{}); len(problems) > 0 {
			t.Errorf("profile %s: %v", p, problems)
		}
	}
	for path, change := range map[string]func(*haproxy.Settings){
		"haproxy.inter":           func(s *haproxy.Settings) { s.Inter = "2 s" },
		"haproxy.fastinter":       func(s *haproxy.Settings) { s.FastInter = "fast" },
		"haproxy.downinter":       func(s *haproxy.Settings) { s.DownInter = "100us" },
		"haproxy.timeout_check":   func(s *haproxy.Settings) { s.TimeoutCheck = "0" },
		"haproxy.timeout_connect": func(s *haproxy.Settings) { s.TimeoutConnect = "1s\n  mode http" },
		"haproxy.timeout_client":  func(s *haproxy.Settings) { s.TimeoutClient = "30d" },
		"haproxy.timeout_server":  func(s *haproxy.Settings) { s.TimeoutServer = "-1s" },
		"haproxy.hard_stop_after": func(s *haproxy.Settings) { s.HardStopAfter = "1h30m" },
		"haproxy.rise":            func(s *haproxy.Settings) { s.Rise = -1 },
		"haproxy.fall":            func(s *haproxy.Settings) { s.Fall = -1 },
		"haproxy.maxconn":         func(s *haproxy.Settings) { s.MaxConn = -1 },
		"haproxy.maximum_lag":     func(s *haproxy.Settings) { s.MaximumLag = "1MB&x=1" },
		"haproxy.balance":         func(s *haproxy.Settings) { s.Balance = "uri" },
	} {
		problems := haproxy.New(defaults(change), patroni.Settings{}, pgbouncer.Settings{}).Rules(component.Topology{})
		if len(problems) != 1 || problems[0].Path != path || problems[0].Fix == "" {
			t.Errorf("got %v, want one at %s", problems, path)
		}
	}
}

func TestDetects(t *testing.T) {
	for want, change := range map[time.Duration]func(*haproxy.Settings){
		time.Second:     nil,
		6 * time.Second: func(s *haproxy.Settings) { s.DownInter, s.Rise = "2000", 3 },
		0:               func(s *haproxy.Settings) { s.DownInter = "soon" },
	} {
		if got := defaults(change).Detects(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestNoPageBeyondLoopback is D-SEC-06: the statistics page has no password.
func TestNoPageBeyondLoopback(t *testing.T) {
	v := stacktest.View(t, "debian-13", "10.77.0.11/24")
	c := haproxy.New(defaults(nil), patroni.Settings{}, pgbouncer.Settings{})
	files, err := c.Files(v)
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(files[0].Data), "frontend stats")
	page, _, _ = strings.Cut(page, "frontend")
	if strings.Count(page, "bind ") != 1 || !strings.Contains(page, "bind 127.0.0.1:7000\n") {
		t.Error(page)
	}
}

// TestCheckedAndDropped: every server of every service is checked over verified TLS, by an
// address that needs no DNS, and loses its sessions when it is down.
func TestCheckedAndDropped(t *testing.T) {
	v := stacktest.View(t, "debian-12", "10.77.0.11/24", "10.77.0.12/24")
	files, err := haproxy.New(defaults(nil), patroni.Settings{}.WithDefaults(component.ProfileNorm, v.Topology), pgbouncer.Settings{}.WithDefaults(component.ProfileNorm, v.Topology)).Files(v)
	if err != nil {
		t.Fatal(err)
	}
	servers := 0
	for line := range strings.Lines(string(files[0].Data)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "server ") {
			servers++
			f := strings.Fields(line)
			want := fmt.Sprintf("check port 8008 check-ssl verify required ca-file /etc/pgc/haproxy/rest-ca.crt verifyhost %s", f[1])
			if !strings.Contains(line, want) || net.ParseIP(strings.Split(f[2], ":")[0]) == nil {
				t.Error(line)
			}
		}
		if strings.HasPrefix(line, "default-server") && !strings.HasSuffix(line, " on-marked-down shutdown-sessions") {
			t.Error(line)
		}
		if strings.Contains(line, "uthorization") {
			t.Errorf("D-CFG-10: %s", line)
		}
	}
	if servers != 8 {
		t.Errorf("%d servers, want 2 nodes in 4 services", servers)
	}
}

func TestSysctls(t *testing.T) {
	v := stacktest.View(t, "debian-13", "10.77.0.11/24")
	c := haproxy.New(defaults(nil), patroni.Settings{}, pgbouncer.Settings{})
	for address, want := range map[string]string{"": "map[]", "10.77.0.100/24": "map[net.ipv4.ip_nonlocal_bind:1]", "fd00::100/64": "map[net.ipv6.ip_nonlocal_bind:1]"} {
		v.VIP.Address = prefix(address)
		if got := fmt.Sprint(c.Sysctls(v)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// TestServers reads what HAProxy 2.6 answers.
func TestServers(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan string, 1)
	answer := "# pxname,svname,qcur,status,check_status,last_chk,\nreadwrite,pg1,0,UP,L7OK,\"a, b\",\nreadwrite,pg2,0,DOWN 1/2,* L7STS,,\nreadonly,pg2,0,UP 1/3,L7OK,,\n\n"
	go func() {
		for _, text := range []string{answer, "", "# pxname,svname\nreadwrite,pg1\n"} {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 64)
			n, _ := conn.Read(buffer)
			select {
			case asked <- string(buffer[:n]):
			default:
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}()
	got, err := haproxy.Servers(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	want := []haproxy.Server{{"readwrite", "pg1", "UP", "L7OK"}, {"readwrite", "pg2", "DOWN 1/2", "* L7STS"}, {"readonly", "pg2", "UP 1/3", "L7OK"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if q := <-asked; q != "show stat -1 4 -1\n" {
		t.Errorf("asked %q", q)
	}
	for i, s := range want {
		if s.Up() != (i != 1) {
			t.Errorf("%v is up: %v", s, s.Up())
		}
	}
	for _, problem := range []string{"no answer", "no column status"} {
		if _, err := haproxy.Servers(t.Context(), socket); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("got %v, want %q", err, problem)
		}
	}
}

// prefix parses an address with its prefix length; "" is none.
func prefix(s string) (p netip.Prefix) {
	if s != "" {
		p = netip.MustParsePrefix(s)
	}
	return p
}
