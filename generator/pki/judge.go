package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// judge says why the persisted leaf cannot serve a request, or "" and its end if it can.
// The certificate itself is asked: a copy of its fields in the state could disagree.
func (a *Authority) judge(r Request, stored leaf, ca *CA) (reason string, end time.Time, err error) {
	if stored.Certificate == nil {
		return "new", end, nil
	}
	cert, err := x509.ParseCertificate(stored.Certificate)
	if err != nil {
		return "", end, fmt.Errorf("it is damaged in %s: %w", a.state.conf.Dir, err)
	}
	return a.difference(r, cert, stored.Authority, ca), cert.NotAfter, nil
}

func (a *Authority) difference(r Request, cert *x509.Certificate, authority string, ca *CA) string {
	want := r.template()
	switch left := cert.NotAfter.Sub(a.state.conf.Now()); {
	case authority != r.CA || !bytes.Equal(cert.AuthorityKeyId, ca.Certificate.SubjectKeyId):
		return "authority changed"
	case cert.Subject.CommonName != want.Subject.CommonName:
		return "common name changed"
	case !sameSet(cert.DNSNames, want.DNSNames):
		return "host names changed"
	case !sameSet(addresses(cert), addresses(want)):
		return "address changed"
	case !slices.Equal(cert.ExtKeyUsage, want.ExtKeyUsage):
		return "usage changed"
	case left <= 0:
		return "expired on " + cert.NotAfter.Format(time.DateOnly)
	case left < a.life.Renew && cert.NotAfter.Before(ca.Certificate.NotAfter):
		return "expires on " + cert.NotAfter.Format(time.DateOnly)
	}
	return ""
}

// addresses are a certificate's IP addresses in one spelling: x509 parses IPv4 into 4 or
// 16 bytes.
func addresses(cert *x509.Certificate) []string {
	var list []string
	for _, ip := range cert.IPAddresses {
		addr, _ := netip.AddrFromSlice(ip)
		list = append(list, addr.Unmap().String())
	}
	return list
}

// sameSet compares without regard to order.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
