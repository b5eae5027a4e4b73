package spec_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

// machine is the files of a node, by name below spec.Dir.
type machine map[string][]byte

func (m machine) read(p string) ([]byte, error) {
	if data, ok := m[path.Base(p)]; ok && path.Dir(p) == spec.Dir {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

// seal writes the sentinel of what is there.
func (m machine) seal() machine {
	m[spec.SentinelFile] = spec.Sentinel(m)
	return m
}

// operator signs specs.
type operator struct {
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func newOperator(t *testing.T) operator {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return operator{public, private}
}

// build makes a machine's spec; change may alter both before they are signed.
func (o operator) build(t *testing.T, change func(*spec.Cluster, *spec.Node)) machine {
	t.Helper()
	c := spec.Cluster{Format: spec.Format, Generation: 1, Topology: component.Topology{Name: "main", UUID: "u-1", Nodes: []component.Node{{Name: "pg1"}}}}
	n := spec.Node{Format: spec.Format, UUID: "u-1", Name: "pg1", Operator: o.public}
	if change != nil {
		change(&c, &n)
	}
	cluster := encode(t, c)
	if n.ClusterDigest == "" {
		n.ClusterDigest = spec.Digest(cluster)
	}
	node := encode(t, n)
	return machine{
		spec.ClusterFile: cluster, spec.ClusterSignatureFile: spec.Sign(o.private, cluster),
		spec.NodeFile: node, spec.NodeSignatureFile: spec.Sign(o.private, node),
	}.seal()
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	data, err := spec.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestLoad(t *testing.T) {
	s, err := spec.Load(newOperator(t).build(t, nil).read)
	if err != nil {
		t.Fatal(err)
	}
	if s.Self().Name != "pg1" || s.Cluster.Name != "main" || s.Digest == "" {
		t.Errorf("loaded %v", s.Node)
	}
}

// TestHalfWrittenIsIncomplete: whatever is missing or cut, the machine waits.
func TestHalfWrittenIsIncomplete(t *testing.T) {
	whole := newOperator(t).build(t, nil)
	for name, data := range whole {
		for what, rest := range map[string][]byte{"missing": nil, "cut": data[:len(data)/2], "empty": {}} {
			t.Run(name+" "+what, func(t *testing.T) {
				m := machine{}
				for k, v := range whole {
					m[k] = v
				}
				delete(m, name)
				if rest != nil {
					m[name] = rest
				}
				if _, err := spec.Load(m.read); !errors.Is(err, spec.ErrIncomplete) {
					t.Errorf("got %v, want ErrIncomplete", err)
				}
			})
		}
	}
}

// TestRefusals: a complete spec that must not be used says why.
func TestRefusals(t *testing.T) {
	o, other := newOperator(t), newOperator(t)
	resign := func(name string) machine {
		m := o.build(t, nil)
		m[name+".sig"] = spec.Sign(other.private, m[name])
		return m.seal()
	}
	flip := func(name string) machine {
		m := o.build(t, nil)
		m[name] = []byte(strings.Replace(string(m[name]), "pg1", "pg9", 1))
		return m.seal()
	}
	tests := map[string]struct {
		m    machine
		want string
	}{
		"cluster signed by another": {resign(spec.ClusterFile), "cannot trust cluster.json"},
		"node signed by another":    {resign(spec.NodeFile), "cannot trust node.json"},
		"cluster changed":           {flip(spec.ClusterFile), "cannot trust cluster.json"},
		"node changed":              {flip(spec.NodeFile), "cannot trust node.json"},
		"newer format":              {o.build(t, func(c *spec.Cluster, _ *spec.Node) { c.Format = 2 }), "format 2 and this nodeinit understands format 1"},
		"another cluster":           {o.build(t, func(_ *spec.Cluster, n *spec.Node) { n.UUID = "u-2" }), "of cluster u-2"},
		"another cluster spec":      {o.build(t, func(_ *spec.Cluster, n *spec.Node) { n.ClusterDigest = strings.Repeat("0", 64) }), "built with a cluster spec"},
		"unknown node":              {o.build(t, func(_ *spec.Cluster, n *spec.Node) { n.Name = "pg7" }), "has no node pg7"},
		"no operator":               {o.build(t, func(_ *spec.Cluster, n *spec.Node) { n.Operator = nil }), "operator key has 0 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := spec.Load(tt.m.read)
			if err == nil || errors.Is(err, spec.ErrIncomplete) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestNothingPrintsKeys prints a spec in every way and looks for what must not be seen.
func TestNothingPrintsKeys(t *testing.T) {
	n := spec.Node{Name: "pg1", Identities: map[string]spec.Identity{"x": {Key: []byte("canary-key")}}, Verifiers: map[string]string{"app": "canary-verifier"}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("spec", "node", n)
	for _, printed := range []string{fmt.Sprint(n), fmt.Sprintf("%v %+v %#v %s", n, n, n, n), fmt.Sprintf("%v", n.Identities["x"]), log.String()} {
		if strings.Contains(printed, "canary") || strings.Contains(printed, "99 97 110") {
			t.Errorf("a secret was printed: %s", printed)
		}
	}
}

func TestIdentityIsWhatWasIssued(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	pem, err := spec.Identity{Key: raw}.KeyPEM()
	if err != nil || !strings.HasPrefix(pem.Reveal(), "-----BEGIN PRIVATE KEY-----") {
		t.Errorf("got %v, %v", pem, err)
	}
	if _, err := (spec.Identity{Key: raw[1:]}).KeyPEM(); err == nil {
		t.Error("a key of 31 bytes was taken")
	}
}

// TestSameSpecSameBytes: encoding is what is signed, so it must not vary.
func TestSameSpecSameBytes(t *testing.T) {
	c := spec.Cluster{Format: 1, Authorities: map[string][]byte{"b": {1}, "a": {2}, "c": {3}}}
	first := encode(t, c)
	var again spec.Cluster
	if err := json.Unmarshal(first, &again); err != nil {
		t.Fatal(err)
	}
	if string(encode(t, again)) != string(first) {
		t.Error("encoding a decoded spec gives other bytes")
	}
}
