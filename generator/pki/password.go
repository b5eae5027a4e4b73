package pki

import (
	"encoding/base32"
	"fmt"
	"io"

	"github.com/pgcgen/pgcgen/templates/component"
)

// passwordBytes are 130 bits in 26 base32 characters, as crypto/rand.Text makes them.
const passwordBytes = 17

// passwordLength is what base32 needs for 128 bits.
const passwordLength = 26

// Password returns the generated password of a login, and makes it the first time.
func (s *State) Password(login string) (component.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, ok := s.file.Passwords[login]; ok {
		return component.Secret(text), nil
	}
	raw, err := s.random(passwordBytes)
	if err != nil {
		return "", fmt.Errorf("cannot make a password for %s: %w", login, err)
	}
	text := base32.StdEncoding.EncodeToString(raw)[:passwordLength]
	s.file.Passwords[login] = text
	s.changed = true
	return component.Secret(text), nil
}

// Passwords returns the generated passwords by login. It includes logins that the
// inventory no longer declares: declared again, they have their old password.
func (s *State) Passwords() map[string]component.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]component.Secret, len(s.file.Passwords))
	for login, text := range s.file.Passwords {
		all[login] = component.Secret(text)
	}
	return all
}

func (s *State) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.conf.Random, b); err != nil {
		return nil, err
	}
	return b, nil
}
