package sequence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"time"
)

// Store keeps the journal's bytes.
type Store interface {
	// Load returns fs.ErrNotExist when nothing was saved yet.
	Load() ([]byte, error)
	// Save replaces what was saved. When it returns, the bytes must survive a power cut.
	Save([]byte) error
}

// Resumption is what a journal contributed to a run.
type Resumption struct {
	// Recorded counts the steps that need not run again.
	Recorded int
	// Previous is the digest of an earlier journal that no longer counts.
	Previous string
	// Damage is why a journal could not be read.
	Damage error
}

// entry is the record of a done step.
type entry struct {
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took_ns"`
	Attempts int           `json:"attempts"`
}

// document is the journal as it is stored.
type document struct {
	Digest string `json:"digest"`
	// Previous is the digest that the journal had before, for people who look at it.
	Previous string           `json:"previous,omitempty"`
	Done     map[string]entry `json:"done"`
}

type journal struct {
	store      Store
	resumption Resumption

	mu  sync.Mutex // guards doc while steps run
	doc document
}

// openJournal reads the journal of a digest. What cannot be read or belongs to another
// digest is left in the store until the first step is recorded.
func openJournal(store Store, digest string) *journal {
	j := &journal{store: store, doc: document{Digest: digest, Done: map[string]entry{}}}
	data, err := store.Load()
	if errors.Is(err, fs.ErrNotExist) {
		return j
	}
	var doc document
	if err == nil {
		err = json.Unmarshal(data, &doc)
	}
	switch {
	case err != nil:
		j.resumption.Damage = fmt.Errorf("cannot read the journal, every step runs again: %w", err)
	case doc.Digest != digest:
		j.resumption.Previous, j.doc.Previous = doc.Digest, doc.Digest
	case doc.Done != nil:
		j.doc = doc
	}
	return j
}

func (j *journal) recorded(name string) bool {
	_, ok := j.doc.Done[name]
	return ok
}

// keep forgets every record but those of the named steps. The others run again, and a power
// cut between them must not bring back what was recorded of them before.
func (j *journal) keep(names map[string]bool) {
	maps.DeleteFunc(j.doc.Done, func(name string, _ entry) bool { return !names[name] })
}

// record saves that a step is done. A step that could not be recorded is not done: what
// comes after it could otherwise outlive it in a power cut.
func (j *journal) record(name string, e entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.doc.Done[name] = e
	data, err := json.MarshalIndent(j.doc, "", "  ")
	if err == nil {
		err = j.store.Save(append(data, '\n'))
	}
	if err != nil {
		delete(j.doc.Done, name)
		return fmt.Errorf("cannot record step %s: %w", name, err)
	}
	return nil
}
