package resolve

import (
	"bytes"
	"crypto/ed25519"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

func example(t *testing.T) inventory.Inventory {
	t.Helper()
	inv, problems, err := inventory.Load("../../examples/ha-3/inventory.yaml")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return inv
}

func cluster(t *testing.T) spec.Cluster {
	t.Helper()
	issued := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return Cluster(example(t), Identity{UUID: "u-1", IssuedAt: issued, Authorities: map[string][]byte{"etcd": {1}}})
}

func one(string) int { return 1 }

// issue makes an identity for every request.
func issue(t *testing.T, c spec.Cluster) map[string]spec.Identity {
	t.Helper()
	requests, err := Requests(c)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]spec.Identity{}
	for i, r := range requests {
		if _, twice := out[r.Name]; twice {
			t.Errorf("certificate %s is requested twice", r.Name)
		}
		out[r.Name] = spec.Identity{Cert: []byte{byte(i)}, Key: []byte{byte(i)}}
	}
	return out
}

func TestClusterSpecIsDeterministicAndReadable(t *testing.T) {
	_, first, err := Numbered(cluster(t), one)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := Numbered(cluster(t), one)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("two resolutions differ: %v", err)
	}
}

func TestGenerationIsDecidedWithoutItself(t *testing.T) {
	c := cluster(t)
	var digests []string
	for generation := range 3 {
		numbered, _, err := Numbered(c, func(digest string) int {
			digests = append(digests, digest)
			return generation + 7
		})
		if err != nil || numbered.Generation != generation+7 {
			t.Fatalf("generation is %d: %v", numbered.Generation, err)
		}
		c = numbered
	}
	if len(slices.Compact(digests)) != 1 {
		t.Errorf("the generation changes its own digest: %v", digests)
	}
}

// What the generator writes is what nodeinit reads.
func TestNodeinitReadsWhatIsResolved(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, data, err := Numbered(cluster(t), one)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := Nodes(c, data, Material{Operator: public, Identities: issue(t, c), Verifiers: map[string]string{"app": "SCRAM-SHA-256$x"}})
	if err != nil || len(nodes) != 3 {
		t.Fatalf("%d nodes: %v", len(nodes), err)
	}
	for _, n := range nodes {
		nodeData, err := spec.Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{
			spec.ClusterFile: data, spec.ClusterSignatureFile: spec.Sign(private, data),
			spec.NodeFile: nodeData, spec.NodeSignatureFile: spec.Sign(private, nodeData),
		}
		files[spec.SentinelFile] = spec.Sentinel(files)
		got, err := spec.Load(func(path string) ([]byte, error) {
			if data, ok := files[strings.TrimPrefix(path, spec.Dir+"/")]; ok {
				return data, nil
			}
			return nil, os.ErrNotExist
		})
		if err != nil {
			t.Fatalf("%s: %v", n.Name, err)
		}
		same := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
		addr := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
		if diff := cmp.Diff(c, got.Cluster, same, addr); diff != "" {
			t.Errorf("%s reads another cluster:\n%s", n.Name, diff)
		}
	}
}

func TestNodesNeedTheirCertificates(t *testing.T) {
	c, data, err := Numbered(cluster(t), one)
	if err != nil {
		t.Fatal(err)
	}
	identities := issue(t, c)
	delete(identities, "pg2/etcd/server")
	if _, err := Nodes(c, data, Material{Identities: identities}); err == nil || !strings.Contains(err.Error(), "pg2") || !strings.Contains(err.Error(), "etcd/server") {
		t.Errorf("a missing certificate gives %v", err)
	}
}

func TestOnlyPostgresNodesGetVerifiers(t *testing.T) {
	inv := example(t)
	inv.Nodes[2].Roles = []component.Role{component.RoleEtcd}
	c, data, err := Numbered(Cluster(inv, Identity{}), one)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := Nodes(c, data, Material{Identities: issue(t, c), Verifiers: map[string]string{"app": "v"}})
	if err != nil {
		t.Fatal(err)
	}
	if nodes[0].Verifiers["app"] != "v" || len(nodes[2].Verifiers) != 0 {
		t.Errorf("verifiers are %v and %v", nodes[0].Verifiers, nodes[2].Verifiers)
	}
}

func TestEveryTrustedAuthorityIsNamed(t *testing.T) {
	got, err := Authorities(cluster(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"etcd", "etcd-peer", "postgres", "postgres-client", "rest"} {
		if !slices.Contains(got, name) {
			t.Errorf("authority %s is missing in %v", name, got)
		}
	}
	if !slices.IsSorted(got) {
		t.Errorf("%v is not sorted", got)
	}
}

func TestFilesOfOneComponent(t *testing.T) {
	c := cluster(t)
	all, err := Files(c, c.Nodes[0], "")
	if err != nil {
		t.Fatal(err)
	}
	etcd, err := Files(c, c.Nodes[0], "etcd")
	if err != nil || len(etcd) == 0 || len(etcd) >= len(all) {
		t.Errorf("%d files of etcd among %d: %v", len(etcd), len(all), err)
	}
	if !slices.ContainsFunc(etcd, func(f component.File) bool { return strings.HasPrefix(f.Path, "/etc/systemd/system/") }) {
		t.Error("the unit is not rendered")
	}
}

func TestRolesDecideWhatIsRendered(t *testing.T) {
	inv := example(t)
	inv.Nodes[2].Roles = []component.Role{component.RoleEtcd}
	c := Cluster(inv, Identity{})
	files, err := Files(c, c.Nodes[2], "")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(f.Path, "haproxy") || strings.Contains(f.Path, "patroni.yml") {
			t.Errorf("an etcd node gets %s", f.Path)
		}
	}
}
