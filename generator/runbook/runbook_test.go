package runbook

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/pki"
	"github.com/pgcgen/pgcgen/generator/resolve"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
)

var update = flag.Bool("update", false, "rewrite the golden runbooks")

const solo = `cluster: solo
platform: {os: debian-12}
postgresql: {version: 15}
nodes: [{name: db1, address: "2001:db8::11/64", interface: eth0}]
`

func read(t *testing.T, text string) spec.Cluster {
	t.Helper()
	inv, problems := inventory.Read("inventory.yaml", []byte(text))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	c := resolve.Cluster(inv, resolve.Identity{UUID: "7b7c3f2e-0000-4000-8000-000000000001"})
	c.Generation = 1
	return c
}

func markdown(t *testing.T, text string) string {
	t.Helper()
	ends := time.Date(2028, 2, 3, 0, 0, 0, 0, time.UTC)
	got, err := Markdown(Input{Cluster: read(t, text), Inventory: "inventory.yaml", State: ".pgcgen/main", Expiry: []pki.Expiry{
		{Name: "pg1/etcd/server", NotAfter: ends},
		{Name: "pg1/etcd/peer", NotAfter: ends.AddDate(0, 1, 0)},
		{Name: "db1/etcd/peer", NotAfter: ends},
		{Name: "authority etcd", NotAfter: ends.AddDate(7, 0, 0)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestRunbooks(t *testing.T) {
	example, err := os.ReadFile("../../examples/ha-3/inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"ha-3": string(example), "solo": solo} {
		t.Run(name, func(t *testing.T) {
			got := markdown(t, text)
			golden := filepath.Join("testdata", name+".md")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("runbook differs (-want +got):\n%s", diff)
			}
		})
	}
}

// The rows of the playbook's HOW TO that every runbook must answer.
func TestHowTo(t *testing.T) {
	example, err := os.ReadFile("../../examples/ha-3/inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got := markdown(t, string(example))
	for row, want := range map[string][]string{
		"F-65": {"--endpoints=https://10.77.0.11:2379,https://10.77.0.12:2379,https://10.77.0.13:2379", "member list", "version", "get /service/main/config", "del /service/main/ --prefix"},
		"F-66": {"postgresql.users", "CREATE ROLE"},
		"F-67": {"patronictl -c /etc/pgc/patroni/patroni.yml", "list", "show-config", "edit-config main -p max_connections=300", "restart main --pending", "patroni.pg_hba"},
		"F-68": {"switchover main --candidate pg2"},
		"F-69": {"synchronous_mode=false", "synchronous_mode_strict=true -p synchronous_commit=remote_apply"},
		"F-70": {"reinit main pg2"},
	} {
		for _, text := range want {
			if !strings.Contains(got, text) {
				t.Errorf("%s: the runbook does not say %q", row, text)
			}
		}
	}
}

func TestNothingIsLeftBlank(t *testing.T) {
	for line := range strings.Lines(markdown(t, solo)) {
		if strings.Contains(line, "<no value>") || strings.Contains(line, "%!") {
			t.Errorf("badly rendered: %s", line)
		}
	}
}
