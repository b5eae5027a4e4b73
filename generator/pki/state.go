package pki

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Config says where a state is and where its time and randomness come from.
type Config struct {
	// Dir is the state folder.
	Dir string
	// Cluster is the name the state must belong to.
	Cluster string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Random is the source of keys, serials, passwords and salts; crypto/rand when nil.
	Random io.Reader
}

// State is a cluster's persistent identity and secrets. Its methods are safe for
// concurrent use.
type State struct {
	conf Config
	lock *flock.Flock // nil when loaded for reading

	mu      sync.Mutex
	file    file
	changed bool
}

// ErrLocked is returned by Open when another build holds the state.
var ErrLocked = errors.New("another build is using it; wait until it has finished")

// Open locks the state folder for a build, and makes the state when there is none. Nothing
// but the folder and its lock is written before Save. The caller must Close it.
//
// It refuses a folder or file that others may read, a state of another cluster, one that
// cannot be understood, and (ErrLocked) one that another build holds.
func Open(conf Config) (*State, error) {
	conf = conf.withDefaults()
	if err := makeDir(conf.Dir); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(conf.Dir, lockName), flock.SetPermissions(fileMode))
	switch held, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("cannot lock state %s: %w", conf.Dir, err)
	case !held:
		return nil, fmt.Errorf("cannot lock state %s: %w", conf.Dir, ErrLocked)
	}
	s := &State{conf: conf, lock: lock}
	if err := s.openOrCreate(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Load reads an existing state without locking or changing anything. The error wraps
// fs.ErrNotExist when there is none. Otherwise it refuses what Open refuses.
func Load(dir, cluster string) (*State, error) {
	conf := Config{Dir: dir, Cluster: cluster}.withDefaults()
	if err := checkMode(dir, dirMode); err != nil {
		return nil, err
	}
	f, err := readFile(conf)
	if err != nil {
		return nil, err
	}
	return &State{conf: conf, file: f}, nil
}

// Save replaces the state file atomically and durably if anything changed since it was
// read; otherwise it does nothing.
func (s *State) Save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changed {
		return nil
	}
	if s.lock == nil {
		return fmt.Errorf("cannot save state %s: it was loaded for reading", s.conf.Dir)
	}
	if err := writeFile(s.conf.Dir, s.file); err != nil {
		return err
	}
	s.changed = false
	return nil
}

// Close releases the lock. Unsaved changes are dropped.
func (s *State) Close() error {
	if s.lock == nil {
		return nil
	}
	if err := s.lock.Close(); err != nil {
		return fmt.Errorf("cannot unlock state %s: %w", s.conf.Dir, err)
	}
	return nil
}

// Changed reports whether there is something for Save to write.
func (s *State) Changed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Dir is the state folder.
func (s *State) Dir() string { return s.conf.Dir }

// Cluster is the name of the cluster the state belongs to.
func (s *State) Cluster() string { return s.file.Cluster }

// UUID is the cluster's random identity (RFC 9562, version 4).
func (s *State) UUID() string { return s.file.UUID }

// IssuedAt is when the state was made, in UTC and whole seconds. It never changes, so it
// can stand in files that must not differ between builds.
func (s *State) IssuedAt() time.Time { return s.file.IssuedAt }

// OperatorKey signs the cluster's specs.
func (s *State) OperatorKey() ed25519.PrivateKey { return s.file.operator }

// Generation is the number of the newest cluster spec: 1 for the first.
func (s *State) Generation() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file.Generation
}

// GenerationFor returns the generation of the cluster spec with this digest: the current
// one if that is the spec it was given to, else the next one. The digest must be taken of
// the spec without its generation.
func (s *State) GenerationFor(digest string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if digest == s.file.SpecDigest {
		return s.file.Generation
	}
	if s.file.SpecDigest != "" {
		s.file.Generation++
	}
	s.file.SpecDigest = digest
	s.changed = true
	return s.file.Generation
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	return c
}
