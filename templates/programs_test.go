//go:build programs

package templates_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/platform"
)

// TestPatroniAcceptsItsConfiguration asks this machine's Patroni about every platform's
// file. It complains about what it finds on the machine (no data directory, no etcd); what
// it must not complain about is a key or a value.
func TestPatroniAcceptsItsConfiguration(t *testing.T) {
	for _, os := range platform.OSes() {
		t.Run(os, func(t *testing.T) {
			file := filepath.Join("patroni", "testdata", os+"-patroni.yml")
			out, err := exec.CommandContext(t.Context(), "patroni", "--validate-config", file).CombinedOutput()
			if err != nil && len(out) == 0 {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(out)) {
				for _, wrong := range []string{"is not defined", "Multiple of", "isn't a", "Error in", "Traceback", "didn't pass validation"} {
					if strings.Contains(line, wrong) && !onlyThisMachine(line) {
						t.Errorf("patroni: %s", line)
					}
				}
			}
		})
	}
}

// onlyThisMachine tells complaints about what a test machine lacks from those about the
// file: PostgreSQL 17's programs, addresses of the cluster, and its etcd. Patroni 3.0 also
// wants bootstrap.pg_hba, which postgresql.pg_hba replaces.
func onlyThisMachine(line string) bool {
	for _, absent := range []string{"bin_dir", "data_dir", "listen", "consul", "etcd3.hosts", "etcd ", "bootstrap.pg_hba"} {
		if strings.Contains(line, absent) {
			return true
		}
	}
	return false
}

// TestHAProxyAcceptsItsConfiguration asks this machine's HAProxy about every platform's
// file, with an authority of the test's making where the file names one.
func TestHAProxyAcceptsItsConfiguration(t *testing.T) {
	for _, platformName := range platform.OSes() {
		t.Run(platformName, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("haproxy", "testdata", platformName+"-haproxy.cfg"))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "haproxy.cfg")
			text := strings.ReplaceAll(string(data), "/etc/pgc/haproxy/rest-ca.crt", "/etc/ssl/certs/ca-certificates.crt")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), "haproxy", "-c", "-q", "-f", file).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("haproxy: %v\n%s", err, out)
			}
		})
	}
}

// TestUnitsAreConfined measures every unit's exposure with systemd's own judge. The limits
// are requirement E4's; what PostgreSQL and VRRP need keeps theirs higher.
func TestUnitsAreConfined(t *testing.T) {
	limits := map[string]string{"pgc-etcd.service": "20", "pgc-pgbouncer.service": "20", "pgc-patroni.service": "20", "pgc-haproxy.service": "25", "pgc-keepalived.service": "33"}
	for _, platformName := range platform.OSes() {
		for unit, limit := range limits {
			t.Run(platformName+"/"+unit, func(t *testing.T) {
				component := strings.TrimSuffix(strings.TrimPrefix(unit, "pgc-"), ".service")
				data, err := os.ReadFile(filepath.Join(component, "testdata", platformName+"-"+unit))
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), unit)
				if err := os.WriteFile(file, data, 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--threshold="+limit, file).CombinedOutput()
				if err != nil {
					lines := strings.Split(strings.TrimSpace(string(out)), "\n")
					t.Errorf("exposure is over %s tenths: %s (%v)", limit, lines[len(lines)-1], err)
				}
			})
		}
	}
}
