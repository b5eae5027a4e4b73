package pki

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
)

// Request describes a leaf certificate.
type Request struct {
	// Name is the leaf's place in the state: "pg1/etcd-server".
	Name string
	// CA is the trust domain that signs it.
	CA string
	// CommonName may be empty: etcd refuses clients of its JSON gateway that have one.
	CommonName string
	// DNSNames and IPs become the subject's alternative names, in this order.
	DNSNames []string
	IPs      []netip.Addr
	// Server and Client are the extended key usages.
	Server, Client bool
}

// Leaf is an issued certificate and its key.
type Leaf struct {
	Name, CA string
	// DER is the certificate.
	DER []byte
	Key Key
	// NotAfter is the last second of its validity, in UTC.
	NotAfter time.Time
	// Reason says why this build issued it: "new", "address changed"; empty when the
	// persisted one was taken.
	Reason string
}

// PEM returns the certificate.
func (l Leaf) PEM() []byte { return []byte(encodePEM("CERTIFICATE", l.DER)) }

// Leaf returns the certificate for one request; see Leaves.
func (a *Authority) Leaf(r Request) (Leaf, error) {
	leaves, err := a.Leaves([]Request{r})
	if err != nil {
		return Leaf{}, err
	}
	return leaves[0], nil
}

// Leaves returns the certificates for requests, in their order: the persisted one where it
// still says what the request says and is not about to expire, a new one otherwise. Work
// is spread over the processors; randomness is drawn in the order of the requests.
func (a *Authority) Leaves(requests []Request) ([]Leaf, error) {
	leaves := make([]Leaf, len(requests))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, r := range requests {
		d, err := a.draw(r)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("cannot issue certificate %s: %w", r.Name, err), group.Wait())
		}
		group.Go(func() error {
			var err error
			if leaves[i], err = a.issue(r, d); err != nil {
				return fmt.Errorf("cannot issue certificate %s: %w", r.Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	a.keep(leaves)
	return leaves, nil
}

// drawn is what one leaf is made of: its authority, the persisted leaf if that will do,
// and else a key and a serial.
type drawn struct {
	ca     *CA
	reuse  leaf
	end    time.Time
	reason string
	key    *ecdsa.PrivateKey
	serial *big.Int
}

func (a *Authority) draw(r Request) (d drawn, err error) {
	if !r.Server && !r.Client {
		return d, errors.New("it is neither for a server nor for a client")
	}
	if d.ca, err = a.CA(r.CA); err != nil {
		return d, err
	}
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	d.reuse = a.state.file.Leaves[r.Name]
	if d.reason, d.end, err = a.judge(r, d.reuse, d.ca); err != nil || d.reason == "" {
		return d, err
	}
	if d.key, err = newKey(a.state.conf.Random); err != nil {
		return d, err
	}
	d.serial, err = newSerial(a.state.conf.Random)
	return d, err
}

func (a *Authority) issue(r Request, d drawn) (Leaf, error) {
	if d.reason == "" {
		return Leaf{Name: r.Name, CA: r.CA, DER: d.reuse.Certificate, Key: d.reuse.Key, NotAfter: d.end}, nil
	}
	template := r.template()
	template.SerialNumber = d.serial
	template.NotBefore = a.start()
	template.NotAfter = template.NotBefore.Add(a.life.Leaf)
	if end := d.ca.Certificate.NotAfter; template.NotAfter.After(end) {
		template.NotAfter = end
	}
	der, err := sign(template, d.ca.Certificate, d.key, d.ca.key)
	if err != nil {
		return Leaf{}, err
	}
	key, err := EncodeKey(d.key)
	return Leaf{Name: r.Name, CA: r.CA, DER: der, Key: key, NotAfter: template.NotAfter, Reason: d.reason}, err
}

// template holds what the request says. There are no basic constraints and no subject key
// identifier: a leaf needs neither, and user-data is counted in bytes.
func (r Request) template() *x509.Certificate {
	t := &x509.Certificate{
		Subject:  pkix.Name{CommonName: r.CommonName},
		KeyUsage: x509.KeyUsageDigitalSignature,
		DNSNames: r.DNSNames,
	}
	for _, ip := range r.IPs {
		t.IPAddresses = append(t.IPAddresses, net.IP(ip.Unmap().AsSlice()))
	}
	if r.Server {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if r.Client {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	return t
}

// keep puts what was issued into the state and remembers what this build uses.
func (a *Authority) keep(leaves []Leaf) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	for _, l := range leaves {
		a.used[l.Name] = l
		if l.Reason != "" {
			a.state.file.Leaves[l.Name] = leaf{Authority: l.CA, Certificate: l.DER, Key: l.Key.Reveal()}
			a.state.changed = true
		}
	}
}
