//go:build boot

package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/lab"
	"github.com/pgcgen/pgcgen/lab/image"
)

// TestArchive installs a package on machines on which nothing was prepared, both through
// the same proxy.
func TestArchive(t *testing.T) {
	l := open(t)
	conf, err := l.ServeArchive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, suite := range []string{"trixie", "bookworm"} {
		t.Run(suite, func(t *testing.T) {
			checkInstall(t, l, conf, suite, fmt.Sprintf("10.77.0.2%d", i))
		})
	}
}

func checkInstall(t *testing.T, l *lab.Lab, conf []byte, suite, address string) {
	m, err := l.Create(suite, "", base(t, image.Stock, suite))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Seed(writeSeed(t, suite, address, "  eth0:\n")); err != nil {
		t.Fatal(err)
	}
	if err := m.WriteFile(lab.AptConfig, conf, 0o644); err != nil {
		t.Fatal(err)
	}
	boot(t, m)
	run(t, m, "apt-get", "--quiet=2", "update")
	run(t, m, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2", "install", "hello")
	if got := run(t, m, "hello"); got != "Hello, world!" {
		t.Errorf("hello says %q", got)
	}
	status := run(t, m, "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}",
		"--proxy", "http://10.77.0.1:3128", "http://example.org/")
	if status != "403" {
		t.Errorf("the proxy answered %s for a foreign address", status)
	}
	if out, err := m.Exec(t.Context(), "curl", "--silent", "--max-time", "2", "http://192.0.2.1/"); err != nil || out.Code == 0 {
		t.Errorf("there is another way out: %+v, %v", out, err)
	}
	if got := run(t, m, "cat", "/etc/apt/sources.list.d/debian.sources"); !strings.Contains(got, "Suites: "+suite+"-security") {
		t.Errorf("the archive was changed: %s", got)
	}
}
