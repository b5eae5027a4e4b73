package pki

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// fileFormat is the version of state.json. A change of meaning raises it.
const fileFormat = 1

// file is state.json. Only this package marshals it: it holds every secret in clear.
type file struct {
	Format      int                  `json:"format"`
	Cluster     string               `json:"cluster"`
	UUID        string               `json:"uuid"`
	IssuedAt    time.Time            `json:"issued_at"`
	Generation  int                  `json:"generation"`
	SpecDigest  string               `json:"spec_digest,omitempty"`
	OperatorKey string               `json:"operator_key"`
	Authorities map[string]authority `json:"authorities"`
	Leaves      map[string]leaf      `json:"leaves"`
	Passwords   map[string]string    `json:"passwords"`
	Verifiers   map[string]string    `json:"verifiers"`

	operator ed25519.PrivateKey
}

type authority struct {
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

type leaf struct {
	Authority   string `json:"authority"`
	Certificate []byte `json:"certificate"`
	Key         []byte `json:"key"`
}

// openOrCreate fills the state from its file, or with a new identity.
func (s *State) openOrCreate() error {
	f, err := readFile(s.conf)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = newFile(s.conf)
		s.changed = true
	}
	s.file = f
	return err
}

func newFile(conf Config) (file, error) {
	uuid, err := newUUID(conf.Random)
	if err != nil {
		return file{}, err
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(conf.Random, seed); err != nil {
		return file{}, fmt.Errorf("cannot make the operator's key: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return file{}, fmt.Errorf("cannot encode the operator's key: %w", err)
	}
	return file{
		Format:      fileFormat,
		Cluster:     conf.Cluster,
		UUID:        uuid,
		IssuedAt:    conf.Now().UTC().Truncate(time.Second),
		Generation:  1,
		OperatorKey: encodePEM("PRIVATE KEY", der),
		Authorities: map[string]authority{},
		Leaves:      map[string]leaf{},
		Passwords:   map[string]string{},
		Verifiers:   map[string]string{},
		operator:    key,
	}, nil
}

// readFile reads and judges state.json. It never quotes the file: parts of it are secret.
func readFile(conf Config) (file, error) {
	path := filepath.Join(conf.Dir, stateName)
	if err := checkMode(path, fileMode); err != nil {
		return file{}, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return file{}, fmt.Errorf("cannot read state: %w", err)
	}
	f, err := parseFile(data)
	if err != nil {
		return file{}, fmt.Errorf("cannot use state %s: %w; restore it from a backup, "+
			"or move it away to begin a NEW cluster that no running node will accept", path, err)
	}
	if f.Cluster != conf.Cluster {
		return file{}, fmt.Errorf("cannot use state %s for cluster %q: it belongs to cluster %q; "+
			"give each cluster a folder of its own", path, conf.Cluster, f.Cluster)
	}
	return f, nil
}

func parseFile(data []byte) (file, error) {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return file{}, fmt.Errorf("it is damaged: %w", err)
	}
	if head.Format != fileFormat {
		return file{}, fmt.Errorf("its format is %d and this pgcgen knows format %d only", head.Format, fileFormat)
	}
	var f file
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return file{}, fmt.Errorf("it is damaged: %w", err)
	}
	return f, f.complete()
}

// complete parses the operator's key and checks that nothing a build relies on is missing.
func (f *file) complete() error {
	block, _ := pem.Decode([]byte(f.OperatorKey))
	if block == nil {
		return errors.New("it is damaged: the operator's key is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return fmt.Errorf("it is damaged: the operator's key: %w", err)
	}
	operator, ok := key.(ed25519.PrivateKey)
	switch {
	case !ok:
		return fmt.Errorf("it is damaged: the operator's key is %T instead of Ed25519", key)
	case f.UUID == "" || f.Generation < 1 || f.IssuedAt.IsZero():
		return errors.New("it is damaged: uuid, generation or issued_at is missing")
	case f.Authorities == nil || f.Leaves == nil || f.Passwords == nil || f.Verifiers == nil:
		return errors.New("it is damaged: authorities, leaves, passwords or verifiers are missing")
	}
	f.operator = operator
	return nil
}

func newUUID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("cannot make a cluster UUID: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40 // version 4
	b[8] = b[8]&0x3f | 0x80 // variant of RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
