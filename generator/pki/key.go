package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
)

// keySize is the length of a P-256 scalar in bytes.
const keySize = 32

// Key is a P-256 private key as its 32-byte big-endian scalar: the shortest form, from
// which everything else is computed. It prints as [redacted].
type Key []byte

// EncodeKey returns the scalar of a P-256 key.
func EncodeKey(key *ecdsa.PrivateKey) (Key, error) {
	if key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("cannot encode key: its curve is %s instead of P-256", key.Params().Name)
	}
	raw, err := key.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cannot encode key: %w", err)
	}
	return raw, nil
}

// DecodeKey is the reverse of EncodeKey.
func DecodeKey(raw []byte) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		return nil, fmt.Errorf("cannot decode P-256 key of %d bytes: %w", len(raw), err)
	}
	return key, nil
}

// Reveal returns the scalar itself.
func (k Key) Reveal() []byte { return k }

// PEM returns the key in SEC 1 form ("EC PRIVATE KEY"), which every program of the stack reads.
func (k Key) PEM() ([]byte, error) {
	key, err := DecodeKey(k)
	if err != nil {
		return nil, err
	}
	text, err := keyPEM(key)
	return []byte(text), err
}

// Format implements fmt.Formatter: no verb shows a key.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText keeps keys out of JSON and YAML: whoever carries one on purpose calls Reveal.
func (k Key) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// newKey draws a private key from random by rejection sampling (FIPS 186-5 A.2.2). The
// chance of a rejection is 2^-32, so a reader that is refused several times is broken.
func newKey(random io.Reader) (*ecdsa.PrivateKey, error) {
	const attempts = 4
	var last error
	for range attempts {
		raw := make([]byte, keySize)
		if _, err := io.ReadFull(random, raw); err != nil {
			return nil, fmt.Errorf("cannot make a key: %w", err)
		}
		key, err := DecodeKey(raw)
		if err == nil {
			return key, nil
		}
		last = err
	}
	return nil, fmt.Errorf("cannot make a key: the source of randomness is broken: %w", last)
}

func keyPEM(key *ecdsa.PrivateKey) (string, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("cannot encode key: %w", err)
	}
	return encodePEM("EC PRIVATE KEY", der), nil
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
