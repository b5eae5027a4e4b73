package spec

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"

	"github.com/pgcgen/pgcgen/templates/component"
)

// String keeps a node's keys out of every message: only its name is printed.
func (n Node) String() string { return "node spec " + n.Name + " [redacted]" }

// GoString does the same for %#v.
func (n Node) GoString() string { return n.String() }

// LogValue keeps a node's keys out of structured logs.
func (n Node) LogValue() slog.Value { return slog.StringValue(n.Name) }

// Format keeps the key out of every message.
func (i Identity) Format(f fmt.State, _ rune) { fmt.Fprint(f, "identity [redacted]") }

// CertPEM is the certificate as PEM.
func (i Identity) CertPEM() []byte { return CertPEM(i.Cert) }

// KeyPEM is the private key as PKCS#8 PEM.
func (i Identity) KeyPEM() (component.Secret, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), i.Key)
	if err != nil {
		return "", fmt.Errorf("cannot read private key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("cannot encode private key: %w", err)
	}
	return component.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// CertPEM encodes a DER certificate as PEM.
func CertPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
