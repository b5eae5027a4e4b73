package spec

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

// Dir is where cloud-init, or whoever provisions the machine, puts the spec.
const Dir = "/etc/nodeinit"

// Names of the files in Dir. The sentinel is written last and holds the SHA-256 of all
// others in sha256sum's format: a spec is complete when every sum in it holds, so a
// half-written spec is never taken for a tampered one.
const (
	ClusterFile          = "cluster.json"
	ClusterSignatureFile = "cluster.json.sig"
	NodeFile             = "node.json"
	NodeSignatureFile    = "node.json.sig"
	SentinelFile         = "spec.sha256"
)

// SignedFiles lists the files of a spec in the order the sentinel names them.
func SignedFiles() []string {
	return []string{ClusterFile, ClusterSignatureFile, NodeFile, NodeSignatureFile}
}

// ErrIncomplete means that the spec is not (yet) there as the sentinel describes it:
// something is still writing it, or it was changed after it was written.
var ErrIncomplete = errors.New("spec is incomplete")

// Spec is a verified pair of specs.
type Spec struct {
	Cluster Cluster
	Node    Node
	// Digest is the SHA-256 of the sentinel: it names exactly these inputs.
	Digest string
}

// Self is this machine's node of the cluster.
func (s Spec) Self() component.Node { n, _ := s.Cluster.Find(s.Node.Name); return n }

// Encode writes a spec value the way it is signed: deterministic JSON ending in a newline.
func Encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("cannot encode spec: %w", err)
	}
	return append(data, '\n'), nil
}

// Sign signs spec bytes with the operator's key; the signature is hexadecimal text.
func Sign(key ed25519.PrivateKey, data []byte) []byte {
	return []byte(hex.EncodeToString(ed25519.Sign(key, data)) + "\n")
}

// Digest is the lower-case hexadecimal SHA-256 of data.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Sentinel renders the digest sentinel of a complete spec.
func Sentinel(files map[string][]byte) []byte {
	var b bytes.Buffer
	for _, name := range SignedFiles() {
		fmt.Fprintf(&b, "%s  %s\n", Digest(files[name]), name)
	}
	return b.Bytes()
}

// Load reads and verifies a spec through read, which is given paths below Dir.
//
// It returns ErrIncomplete while the sentinel is missing or names other bytes than are
// there, and a plain error when the spec is whole and must be refused: an unknown format,
// a bad signature, a node of another cluster.
func Load(read func(path string) ([]byte, error)) (Spec, error) {
	sentinel, err := read(Dir + "/" + SentinelFile)
	if err != nil {
		return Spec{}, fmt.Errorf("%w: cannot read %s/%s: %w", ErrIncomplete, Dir, SentinelFile, err)
	}
	files, err := readNamed(read, sentinel)
	if err != nil {
		return Spec{}, err
	}
	s := Spec{Digest: Digest(sentinel)}
	if err := decode(files[NodeFile], NodeFile, &s.Node); err != nil {
		return Spec{}, err
	}
	if len(s.Node.Operator) != ed25519.PublicKeySize {
		return Spec{}, fmt.Errorf("cannot trust %s: its operator key has %d bytes, want %d", NodeFile, len(s.Node.Operator), ed25519.PublicKeySize)
	}
	for _, name := range []string{NodeFile, ClusterFile} {
		if err := verify(s.Node.Operator, files[name], files[name+".sig"]); err != nil {
			return Spec{}, fmt.Errorf("cannot trust %s: %w", name, err)
		}
	}
	if err := decode(files[ClusterFile], ClusterFile, &s.Cluster); err != nil {
		return Spec{}, err
	}
	return s, s.consistent(files[ClusterFile])
}

// consistent checks that the node's and the cluster's spec belong together.
func (s Spec) consistent(cluster []byte) error {
	if s.Node.UUID != s.Cluster.UUID {
		return fmt.Errorf("cannot use spec: %s is of cluster %s and %s of cluster %s", NodeFile, s.Node.UUID, ClusterFile, s.Cluster.UUID)
	}
	if got := Digest(cluster); got != s.Node.ClusterDigest {
		return fmt.Errorf("cannot use spec: %s was built with a cluster spec of digest %.12s, this one has %.12s", NodeFile, s.Node.ClusterDigest, got)
	}
	if _, ok := s.Cluster.Find(s.Node.Name); !ok {
		return fmt.Errorf("cannot use spec: cluster %s has no node %s", s.Cluster.Name, s.Node.Name)
	}
	return nil
}

func readNamed(read func(string) ([]byte, error), sentinel []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	for line := range strings.Lines(string(sentinel)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			return nil, fmt.Errorf("%w: %s has a line that is no checksum", ErrIncomplete, SentinelFile)
		}
		data, err := read(Dir + "/" + name)
		if err != nil {
			return nil, fmt.Errorf("%w: cannot read %s: %w", ErrIncomplete, name, err)
		}
		if Digest(data) != sum {
			return nil, fmt.Errorf("%w: %s is not the file that %s names", ErrIncomplete, name, SentinelFile)
		}
		files[name] = data
	}
	for _, name := range SignedFiles() {
		if files[name] == nil {
			return nil, fmt.Errorf("%w: %s does not name %s", ErrIncomplete, SentinelFile, name)
		}
	}
	return files, nil
}

func verify(key ed25519.PublicKey, data, signature []byte) error {
	sig, err := hex.DecodeString(strings.TrimSpace(string(signature)))
	if err != nil {
		return fmt.Errorf("signature is not hexadecimal: %w", err)
	}
	if !ed25519.Verify(key, data, sig) {
		return errors.New("the operator's signature does not match its bytes: rebuild the seed with pgcgen")
	}
	return nil
}

// decode reads one JSON value strictly. The format is judged first, so that a newer spec
// is refused by its number and not by the first field we do not know.
func decode(data []byte, name string, into any) error {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("cannot read %s: %w", name, err)
	}
	if head.Format != Format {
		return fmt.Errorf("cannot use %s: it has format %d and this nodeinit understands format %d: use the nodeinit that this pgcgen built", name, head.Format, Format)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("cannot read %s: %w", name, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot read %s: more than one JSON value", name)
	}
	return nil
}
