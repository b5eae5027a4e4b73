//go:build boot

package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/lab"
	"github.com/pgcgen/pgcgen/lab/cluster"
	"github.com/pgcgen/pgcgen/lab/image"
)

// Limits after which a boot or a repair counts as failed; they are an order of magnitude
// above what is measured, and nothing waits for them when things go well.
const (
	bootLimit   = 4 * time.Minute
	repairLimit = 3 * time.Minute
)

// releases are the platforms that boot: the first in every run, all with PGCGEN_BOOT=full.
var releases = []struct {
	os, suite  string
	postgresql string
}{{"debian-13", "trixie", "17"}, {"debian-12", "bookworm", "15"}}

// TestCluster is the main job: one inventory, three machines, a healthy cluster, and what
// it does when machines lose their power. It judges from outside only.
func TestCluster(t *testing.T) {
	for i, r := range releases {
		if i > 0 && os.Getenv("PGCGEN_BOOT") != "full" {
			break
		}
		t.Run(r.os, func(t *testing.T) {
			c, login := boot(t, r.os, r.suite, r.postgresql)
			inspectEtcd(t, c)
			inspectMembers(t, c)
			readsAndWrites(t, c, login)
			refusesForeignAuthority(t, c, login)
			losesTheLeader(t, c, login)
			losesAllPower(t, c, login)
		})
	}
}

// stockNode is one machine more than the example has: it starts from a stock image, without
// nodeinit and without any component's package, and installs nodeinit from its seed and the
// rest from the distribution's mirror.
const stockNode = `
  - name: pg4
    address: 10.77.0.14/24
    mac: "52:54:00:77:00:14"
    roles: [postgres, haproxy]
`

// boot builds the example, with one node more, for a release and boots it to health.
func boot(t *testing.T, osName, suite, postgresql string) (*cluster.Cluster, cluster.Login) {
	t.Helper()
	dir := t.TempDir()
	inventory := filepath.Join(dir, "inventory.yaml")
	text := string(must(os.ReadFile("../../examples/ha-3/inventory.yaml"))(t))
	text = strings.NewReplacer("debian-13", osName, "version: 17", "version: "+postgresql,
		"source: image", "source: distro\n  proxy: http://10.77.0.1:3128", "\npatroni:\n", stockNode+"\npatroni:\n").Replace(text)
	if err := os.WriteFile(inventory, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	pgcgen(t, "build", "-i", inventory, "-o", out)
	var secrets []struct{ User, Password string }
	if err := json.Unmarshal(pgcgen(t, "secrets", "-i", inventory, "--output", "json"), &secrets); err != nil {
		t.Fatal(err)
	}

	store := image.Default()
	base := must(store.Base(t.Context(), must(image.Golden(suite))(t)))(t)
	stock := must(store.Base(t.Context(), must(image.Stock(suite))(t)))(t)
	layer := must(store.Layer(t.Context(), []string{base}, must(cluster.Deb(out))(t)))(t)
	c := must(cluster.Open(t.Context(), "pgccluster-"+suite, out, func(node string) []string {
		if node == "pg4" {
			return []string{stock}
		}
		return []string{layer, base}
	}))(t)
	t.Cleanup(func() {
		if t.Failed() {
			explain(t, c)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	must(c.Lab.ServeArchive(t.Context()))(t)
	began := time.Now()
	if err := c.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	healthy(t, c, bootLimit)
	t.Logf("%s: healthy %.1f s after power-on", osName, time.Since(began).Seconds())
	return c, cluster.Login{User: "app", Password: secrets[0].Password, Database: "app", CA: c.Out.Authority("postgres")}
}

// pgcgen runs the program that make build made and returns its standard output.
func pgcgen(t *testing.T, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "../../bin/pgcgen", args...)
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("pgcgen %s: %v\n%s", args[0], err, stderr.String())
	}
	return stdout
}

// healthy waits until nodeinit on every machine says so, and verify agrees.
func healthy(t *testing.T, c *cluster.Cluster, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for _, m := range c.Machines {
		eventually(ctx, t, m.Name()+" is healthy", func() error { return succeeds(ctx, m, "nodeinit", "verify") })
	}
}

type failure string

func (f failure) Error() string { return string(f) }

func succeeds(ctx context.Context, m lab.Machine, argv ...string) error {
	out, err := m.Exec(ctx, argv...)
	if err == nil && out.Code != 0 {
		err = failure(string(out.Stdout) + string(out.Stderr))
	}
	return err
}

// eventually asks until the answer is yes, or ctx ends and the test fails with the last no.
func eventually(ctx context.Context, t *testing.T, what string, ask func() error) {
	t.Helper()
	pause := time.NewTicker(250 * time.Millisecond)
	defer pause.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			t.Fatalf("not in time: %s: %v", what, err)
		}
	}
}

// explain shows what the machines say when a test has failed.
func explain(t *testing.T, c *cluster.Cluster) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	for _, m := range c.Machines {
		if !m.Running() {
			t.Logf("%s is off", m.Name())
			continue
		}
		status, err := m.Exec(ctx, "nodeinit", "status")
		t.Logf("%s: %s%s %v", m.Name(), status.Stdout, status.Stderr, err)
		logs, err := m.Logs(ctx, "--lines", "80")
		t.Logf("%s: %s %v", m.Name(), logs, err)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
