package pki

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

const (
	// scramIterations is PostgreSQL's default (scram_iterations).
	scramIterations = 4096
	// scramSaltSize is PostgreSQL's (SCRAM_DEFAULT_SALT_LEN).
	scramSaltSize = 16
)

// Scram returns the verifier that PostgreSQL keeps for a password:
// SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey> (RFC 5802 section 3, RFC 7677).
// It fails as CheckPassword does.
func Scram(password component.Secret, salt []byte, iterations int) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	salted, err := pbkdf2.Key(sha256.New, password.Reveal(), salt, iterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("cannot make a SCRAM verifier: %w", err)
	}
	stored := sha256.Sum256(keyedHash(salted, "Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt),
		encode(stored[:]), encode(keyedHash(salted, "Server Key"))), nil
}

func keyedHash(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// CheckPassword refuses an empty password and one that is not printable ASCII: for other
// characters the answer depends on the client's Unicode normalisation (SASLprep, RFC 4013),
// which not all clients do. The error does not quote the password.
func CheckPassword(password component.Secret) error {
	text := password.Reveal()
	if text == "" {
		return errors.New("the password is empty")
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return fmt.Errorf("the password's byte %d is not printable ASCII; "+
				"use letters, digits, punctuation and spaces", i+1)
		}
	}
	return nil
}

// Verifier returns the SCRAM verifier of a login's password: the persisted one if it fits
// the password, so that builds repeat themselves, and a freshly salted one otherwise.
func (s *State) Verifier(login string, password component.Secret) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stored := s.file.Verifiers[login]; fits(stored, password) {
		return stored, nil
	}
	salt, err := s.random(scramSaltSize)
	if err != nil {
		return "", fmt.Errorf("cannot make a verifier for %s: %w", login, err)
	}
	verifier, err := Scram(password, salt, scramIterations)
	if err != nil {
		return "", fmt.Errorf("cannot make a verifier for %s: %w", login, err)
	}
	s.file.Verifiers[login] = verifier
	s.changed = true
	return verifier, nil
}

// fits computes a verifier again with its own salt. A verifier that cannot be read does
// not fit and is made anew.
func fits(verifier string, password component.Secret) bool {
	rest, _ := strings.CutPrefix(verifier, "SCRAM-SHA-256$")
	head, _, _ := strings.Cut(rest, "$")
	count, salt64, _ := strings.Cut(head, ":")
	iterations, err := strconv.Atoi(count)
	if err != nil || iterations != scramIterations {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(salt64)
	if err != nil {
		return false
	}
	again, err := Scram(password, salt, iterations)
	return err == nil && bytes.Equal([]byte(again), []byte(verifier))
}
