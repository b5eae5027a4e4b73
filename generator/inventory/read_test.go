package inventory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgcgen/pgcgen/templates/component"
)

// minimal is the shortest inventory there is.
const minimal = `cluster: main
platform: {os: debian-13}
postgresql: {version: 17}
nodes:
  - {name: pg1, address: 10.77.0.11/24, mac: 52-54-00-77-00-AB}
`

func TestMinimalInventoryIsCompleted(t *testing.T) {
	inv, problems := Read("inventory.yaml", []byte(minimal+"postgresql: &pg {version: 17}\n"))
	if len(problems) != 1 {
		t.Fatalf("the duplicate key alone should be wrong: %v", problems)
	}
	inv, problems = Read("inventory.yaml", []byte(minimal))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := []any{inv.Platform.Layout, inv.PostgreSQL.Vendor, inv.Packages.Source, inv.Timings, inv.Target, inv.VIP.Follow, inv.Nodes[0].Roles, inv.Nodes[0].MAC, inv.Patroni.TTL}
	want := "[distro classic distro norm nocloud  [etcd postgres haproxy] 52:54:00:77:00:ab 30]"
	if fmt.Sprint(got) != want {
		t.Errorf("defaults are %v, want %s", got, want)
	}
}

func TestVIPBringsItsDefaults(t *testing.T) {
	inv, problems := Read("inventory.yaml", []byte(minimal+"vip: {address: 10.77.0.100/24}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if inv.VIP.Follow != component.FollowProxy || !inv.Nodes[0].Has(component.RoleKeepalived) {
		t.Errorf("follow is %q and roles are %v", inv.VIP.Follow, inv.Nodes[0].Roles)
	}
}

func TestExamplesAreGood(t *testing.T) {
	paths, err := filepath.Glob("../../examples/*/inventory.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range paths {
		if _, problems, err := Load(path); err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %v", path, err, problems)
		}
	}
}

func TestLoadSaysWhyNot(t *testing.T) {
	if _, _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "huge.yaml")
	if err := os.WriteFile(path, []byte(strings.Repeat("#", maxSize+2)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, problems, err := Load(path); err != nil || len(problems) != 1 || !strings.Contains(problems.Error(), "larger than") {
		t.Errorf("huge file: %v %v", problems, err)
	}
}

func TestProblemsAsJSON(t *testing.T) {
	_, problems := Read("a.yaml", []byte(minimal+"vpi: {}\n"))
	data, err := json.Marshal(problems)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"file":"a.yaml","line":6,"column":1,"path":"vpi","message":"unknown key","fix":"did you mean \"vip\"?","severity":"error"}]`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("JSON differs (-want +got):\n%s", diff)
	}
}

func TestSeverities(t *testing.T) {
	ps := Problems{{Message: "a", Severity: SeverityWarning}, {Message: "b", Severity: SeverityError}}
	if len(ps.Errors()) != 1 || len(ps.Warnings()) != 1 || ps.Err() == nil || ps.Warnings().Err() != nil {
		t.Errorf("errors %v, warnings %v", ps.Errors(), ps.Warnings())
	}
}

func TestPasswordIsNeverPrinted(t *testing.T) {
	const given = "geheim-Xq7-geheim"
	inv, problems := Read("inventory.yaml", []byte(strings.Replace(minimal, "{version: 17}", "{version: 17, users: [{name: app, password: "+given+", x: 1}]}", 1)))
	if text := fmt.Sprintf("%v %+v %#v", inv, inv, problems); strings.Contains(text, given) {
		t.Errorf("the password is printed: %s", text)
	}
}
