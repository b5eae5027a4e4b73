package generator

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
)

const exampleInventory = "../examples/ha-3/inventory.yaml"

// noon is when the tests build.
var noon = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)

// options builds the example into a folder of the test's, the same bytes each time.
func options(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	return Options{
		Inventory: exampleInventory, Out: filepath.Join(dir, "out"), State: filepath.Join(dir, "state"), Version: "1.2.3",
		Program: func(arch string) ([]byte, error) { return []byte("nodeinit " + arch), nil },
		Now:     func() time.Time { return noon },
		Random:  rand.NewChaCha8([32]byte{1}),
	}
}

// edited is the example inventory with replacements, in a file of its own.
func edited(t *testing.T, oldnew ...string) string {
	t.Helper()
	data, err := os.ReadFile(exampleInventory)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "inventory.yaml")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(oldnew...).Replace(string(data))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func build(t *testing.T, o Options) Result {
	t.Helper()
	result, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// tree maps every file below a folder to its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A fixed clock and source of randomness fix every byte, the state's as well.
func TestSameInputsSameBytes(t *testing.T) {
	first, second := options(t), options(t)
	second.State = filepath.Join(t.TempDir(), filepath.Base(first.State))
	build(t, first)
	build(t, second)
	a, b := tree(t, first.Out), tree(t, second.Out)
	for _, files := range []map[string]string{a, b} { // the one document that names a path
		delete(files, "RUNBOOK.md")
		delete(files, "manifest.json")
		delete(files, "SHA256SUMS")
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two builds differ:\n%.2000s", diff)
	}
}

// userData reads what cloud-init will write on a node.
func userData(t *testing.T, out, node string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(out, "nodes", node, "user-data"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		WriteFiles []struct{ Path, Owner, Permissions, Content string } `yaml:"write_files"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for i, f := range doc.WriteFiles {
		if strings.HasPrefix(f.Path, spec.Dir) && (f.Permissions != "0600" || f.Owner != "root:root") {
			t.Errorf("%s is written as %s %s", f.Path, f.Owner, f.Permissions)
		}
		if f.Path == spec.Dir+"/"+spec.SentinelFile && i != len(doc.WriteFiles)-1 {
			t.Error("the sentinel is not the last file")
		}
		files[f.Path] = f.Content
	}
	return files
}

// What a seed carries is a spec that nodeinit accepts, signed by one operator.
func TestNodesAcceptTheirSeeds(t *testing.T) {
	o := options(t)
	build(t, o)
	for _, node := range []string{"pg1", "pg2", "pg3"} {
		files := userData(t, o.Out, node)
		s, err := spec.Load(func(path string) ([]byte, error) {
			if content, ok := files[path]; ok {
				return []byte(content), nil
			}
			return nil, os.ErrNotExist
		})
		if err != nil {
			t.Fatal(err)
		}
		if s.Node.Name != node || s.Cluster.Generation != 1 || !strings.HasPrefix(s.Node.Verifiers["app"], "SCRAM-SHA-256$4096:") {
			t.Errorf("%s reads %s, generation %d, verifiers %v", node, s.Node.Name, s.Cluster.Generation, s.Node.Verifiers)
		}
	}
	out := tree(t, o.Out)
	if out["cluster.json"] != userData(t, o.Out, "pg1")[spec.Dir+"/"+spec.ClusterFile] {
		t.Error("cluster.json is not what nodes get")
	}
}

func TestTimeServersReachTimesyncd(t *testing.T) {
	o := options(t)
	o.Inventory = edited(t, "  gateway: 10.77.0.1\n", "  gateway: 10.77.0.1\n  ntp: [10.77.0.1, ntp.example.org]\n")
	build(t, o)
	if got := userData(t, o.Out, "pg1")[timeServers]; !strings.Contains(got, "\nNTP=10.77.0.1 ntp.example.org\n") {
		t.Errorf("the drop-in is %q", got)
	}
}

func TestExpiryIsReported(t *testing.T) {
	o := options(t)
	build(t, o)
	o.Now = func() time.Time { return noon.AddDate(0, 0, 825-60) }
	result := build(t, o)
	if len(result.Issued) > 0 || len(result.Warnings) == 0 || !strings.Contains(result.Warnings[0], "expires in 59 days") {
		t.Errorf("60 days before the end: issued %v, warnings %.300q", result.Issued, result.Warnings)
	}
	o.Now = func() time.Time { return noon.AddDate(0, 0, 825-20) }
	result = build(t, o)
	if len(result.Issued) != 30 || len(result.Warnings) > 0 || result.Generation != 1 {
		t.Errorf("20 days before the end: issued %d, warnings %v, generation %d", len(result.Issued), result.Warnings, result.Generation)
	}
}

func TestNewSpecIsANewInstanceForCloudInit(t *testing.T) {
	o := options(t)
	build(t, o)
	before := tree(t, o.Out)["nodes/pg1/meta-data"]
	build(t, o)
	if again := tree(t, o.Out)["nodes/pg1/meta-data"]; again != before {
		t.Errorf("the same spec is another instance: %s %s", before, again)
	}
	o.Inventory = edited(t, "synchronous_mode: true", "synchronous_mode: false")
	result := build(t, o)
	if after := tree(t, o.Out)["nodes/pg1/meta-data"]; after == before || result.Generation != 2 {
		t.Errorf("another spec is the same instance, generation %d: %s", result.Generation, after)
	}
}

func TestWrongInventoryIsProblems(t *testing.T) {
	o := options(t)
	o.Inventory = edited(t, "cluster: main", "cluster: Main")
	_, err := Build(t.Context(), o)
	var problems inventory.Problems
	if !errors.As(err, &problems) || len(problems) != 1 {
		t.Fatalf("the error is %v", err)
	}
	for _, dir := range []string{o.Out, o.State} {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was made: %v", dir, err)
		}
	}
}

func TestInterruptedBuildLeavesNothing(t *testing.T) {
	o := options(t)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(step string) {
		if strings.HasPrefix(step, "writing seeds") {
			cancel()
		}
	}
	if _, err := Build(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(o.Out))
	if err != nil || len(entries) != 1 || entries[0].Name() != "state" {
		t.Errorf("left behind: %v %v", entries, err)
	}
	if files := tree(t, o.State); len(files["state.json"]) > 0 {
		t.Error("the state was saved")
	}
}

// The generated password reaches no file but the state; nothing private is outside of the
// nodes' own folders.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	o := options(t)
	build(t, o)
	secrets, err := Secrets(t.Context(), o)
	if err != nil || len(secrets) != 1 || secrets[0].Source != SourceGenerated {
		t.Fatalf("secrets are %v: %v", secrets, err)
	}
	if text := fmt.Sprintf("%v %+v", secrets, secrets); strings.Contains(text, secrets[0].Password.Reveal()) {
		t.Error("a secret prints itself")
	}
	nodes := userData(t, o.Out, "pg1")
	s, err := spec.Load(func(path string) ([]byte, error) { return []byte(nodes[path]), nil })
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range tree(t, o.Out) {
		if strings.Contains(content, secrets[0].Password.Reveal()) {
			t.Errorf("%s has the password", name)
		}
		own := name == "nodes/pg1/user-data" || name == "nodes/pg1/seed.iso"
		for certificate, id := range s.Node.Identities {
			key := base64.StdEncoding.EncodeToString(id.Key)
			if strings.Contains(content, key) != own {
				t.Errorf("%s holds the key of pg1's %s: %v", name, certificate, !own)
			}
		}
	}
}
