package pki

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"
)

const day = 24 * time.Hour

// Lifetimes says how long certificates live. The zero value means the defaults.
type Lifetimes struct {
	// CA is the lifetime of an authority; 10 years of 365 days.
	CA time.Duration
	// Leaf is the lifetime of a leaf; 825 days, the most that current verifiers accept of
	// a server. A leaf never outlives its authority.
	Leaf time.Duration
	// Renew is how long before its end a build replaces a leaf; 30 days.
	Renew time.Duration
	// Warn is how long before its end a leaf is reported; 90 days, and never more than a
	// third of a leaf's lifetime.
	Warn time.Duration
	// Backdate is how far NotBefore lies in the past, for machines that boot with a clock
	// that is behind; 24 hours.
	Backdate time.Duration
}

// Authority issues the certificates of one state. It is safe for concurrent use.
type Authority struct {
	state *State
	life  Lifetimes

	mu   sync.Mutex
	cas  map[string]*CA
	used map[string]Leaf
}

// CA is a certificate authority of one trust domain.
type CA struct {
	// Name is the trust domain: "etcd-peer", "postgres".
	Name        string
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// PEM returns the authority's public certificate.
func (c *CA) PEM() []byte { return []byte(encodePEM("CERTIFICATE", c.Certificate.Raw)) }

// NewAuthority returns the authority of a state.
func NewAuthority(state *State, life Lifetimes) (*Authority, error) {
	life = life.withDefaults()
	switch {
	case life.Leaf < 3*life.Renew:
		return nil, fmt.Errorf("cannot use a certificate lifetime of %s with renewal %s before its end: "+
			"it must be three times as long", life.Leaf, life.Renew)
	case life.CA < life.Leaf:
		return nil, fmt.Errorf("cannot use an authority lifetime of %s: its certificates live %s", life.CA, life.Leaf)
	}
	return &Authority{state: state, life: life, cas: map[string]*CA{}, used: map[string]Leaf{}}, nil
}

// CA returns the authority of a trust domain, and makes it the first time. It fails when
// the persisted one is damaged or has expired.
func (a *Authority) CA(name string) (*CA, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ca := a.cas[name]; ca != nil {
		return ca, nil
	}
	ca, err := a.loadCA(name)
	if err != nil {
		return nil, fmt.Errorf("cannot use authority %s: %w", name, err)
	}
	a.cas[name] = ca
	return ca, nil
}

func (a *Authority) loadCA(name string) (*CA, error) {
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	stored, ok := a.state.file.Authorities[name]
	if !ok {
		return a.createCA(name)
	}
	ca, err := parseCA(name, stored)
	if err != nil {
		return nil, fmt.Errorf("it is damaged in %s: %w", a.state.conf.Dir, err)
	}
	if now := a.state.conf.Now(); now.After(ca.Certificate.NotAfter) {
		return nil, fmt.Errorf("it expired on %s", ca.Certificate.NotAfter.Format(time.DateOnly))
	}
	return ca, nil
}

// createCA makes an authority and puts it into the state, whose lock the caller holds.
func (a *Authority) createCA(name string) (*CA, error) {
	random := a.state.conf.Random
	key, err := newKey(random)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial(random)
	if err != nil {
		return nil, err
	}
	start := a.start()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: fmt.Sprintf("%s %s CA", a.state.file.Cluster, name)},
		NotBefore:             start,
		NotAfter:              start.Add(a.life.CA),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // an authority signs leaves only
	}
	der, err := sign(template, template, key, key)
	if err != nil {
		return nil, err
	}
	text, err := keyPEM(key)
	if err != nil {
		return nil, err
	}
	stored := authority{Certificate: encodePEM("CERTIFICATE", der), Key: text}
	a.state.file.Authorities[name] = stored
	a.state.changed = true
	return parseCA(name, stored)
}

func parseCA(name string, stored authority) (*CA, error) {
	certBlock, _ := pem.Decode([]byte(stored.Certificate))
	keyBlock, _ := pem.Decode([]byte(stored.Key))
	if certBlock == nil || keyBlock == nil {
		return nil, errors.New("certificate or key is not PEM")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.New("certificate and key do not belong together")
	}
	return &CA{Name: name, Certificate: cert, key: key}, nil
}

// sign issues template. A nil source of randomness makes crypto/ecdsa sign by RFC 6979.
func sign(template, parent *x509.Certificate, subject, signer *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificate(nil, template, parent, &subject.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("cannot sign certificate %q: %w", template.Subject.CommonName, err)
	}
	return der, nil
}

// newSerial draws 16 random bytes; RFC 5280 4.1.2.2 allows 20 octets and forbids zero.
func newSerial(random io.Reader) (*big.Int, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, fmt.Errorf("cannot make a serial number: %w", err)
	}
	b[0] |= 1
	return new(big.Int).SetBytes(b[:]), nil
}

// start is the NotBefore of a certificate made now.
func (a *Authority) start() time.Time {
	return a.state.conf.Now().Add(-a.life.Backdate).UTC().Truncate(time.Second)
}

func (l Lifetimes) withDefaults() Lifetimes {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&l.CA, 3650*day)
	set(&l.Leaf, 825*day)
	set(&l.Renew, 30*day)
	set(&l.Warn, min(90*day, l.Leaf/3))
	set(&l.Backdate, day)
	return l
}
