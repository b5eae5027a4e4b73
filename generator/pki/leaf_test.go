package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func request() Request {
	return Request{
		Name: "pg1/etcd", CA: "etcd", CommonName: "pg1", DNSNames: []string{"pg1", "pg1.example.org"},
		IPs: []netip.Addr{netip.MustParseAddr("10.77.0.11"), netip.MustParseAddr("fd00::11")}, Server: true, Client: true,
	}
}

func TestLeafSaysWhatWasAsked(t *testing.T) {
	c := newClock()
	a := newAuthority(t, open(t, config(t, c)))
	l := issue(t, a, request())
	cert, err := x509.ParseCertificate(l.DER)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := a.CA("etcd")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate)
	for _, name := range []string{"pg1", "pg1.example.org", "10.77.0.11", "fd00::11"} {
		_, err := cert.Verify(x509.VerifyOptions{
			Roots: roots, DNSName: name, CurrentTime: c.at,
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
		if err != nil {
			t.Errorf("as %s: %v", name, err)
		}
	}
	start := c.at.Add(-day).Truncate(time.Second)
	if !cert.NotBefore.Equal(start) || !cert.NotAfter.Equal(start.Add(825*day)) || !l.NotAfter.Equal(cert.NotAfter) {
		t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
	}
	var got []string
	for _, e := range cert.Extensions {
		got = append(got, e.Id.String())
	}
	want := []string{"2.5.29.15", "2.5.29.37", "2.5.29.35", "2.5.29.17"} // KU, EKU, AKI, SAN
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("extensions (-want +got):\n%s", diff)
	}
	if _, err := tls.X509KeyPair(l.PEM(), must(l.Key.PEM())(t)); err != nil {
		t.Errorf("PEM pair: %v", err)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestAuthorityIsOneOfItsKind(t *testing.T) {
	c := newClock()
	a := newAuthority(t, open(t, config(t, c)))
	etcd, rest := must(a.CA("etcd"))(t), must(a.CA("rest"))(t)
	cert := etcd.Certificate
	if cert.Subject.String() != "CN=main etcd CA" || !cert.IsCA || !cert.MaxPathLenZero || len(cert.SubjectKeyId) == 0 {
		t.Errorf("authority %s: IsCA %v, path %d", cert.Subject, cert.IsCA, cert.MaxPathLen)
	}
	if want := cert.NotBefore.Add(3650 * day); !cert.NotAfter.Equal(want) {
		t.Errorf("authority ends %v, want %v", cert.NotAfter, want)
	}
	l := issue(t, a, request())
	leaf := must(x509.ParseCertificate(l.DER))(t)
	if err := leaf.CheckSignatureFrom(rest.Certificate); err == nil {
		t.Error("a leaf of etcd verifies against rest")
	}
}

func TestEmptyCommonName(t *testing.T) {
	a := newAuthority(t, open(t, config(t, newClock())))
	r := request()
	r.CommonName = ""
	l := issue(t, a, r)
	cert := must(x509.ParseCertificate(l.DER))(t)
	if got := cert.Subject.String(); got != "" {
		t.Errorf("subject %q, want none", got)
	}
	for _, e := range cert.Extensions {
		if e.Id.String() == "2.5.29.17" && !e.Critical {
			t.Error("the only name is not critical (RFC 5280 4.1.2.6)")
		}
	}
}

// A second build reuses a leaf until something about it is wrong, and says what.
func TestReuse(t *testing.T) {
	for name, test := range map[string]struct {
		later  time.Duration
		change func(*Request)
		want   string
	}{
		"the same":         {0, func(*Request) {}, ""},
		"other order":      {0, func(r *Request) { slices.Reverse(r.DNSNames); slices.Reverse(r.IPs) }, ""},
		"IPv4 in IPv6":     {0, func(r *Request) { r.IPs[0] = netip.MustParseAddr("::ffff:10.77.0.11") }, ""},
		"long before":      {793 * day, func(*Request) {}, ""},
		"29 days left":     {824*day - 29*day, func(*Request) {}, "expires on 2029-06-02"},
		"ended":            {825 * day, func(*Request) {}, "expired on 2029-06-02"},
		"another address":  {0, func(r *Request) { r.IPs[0] = netip.MustParseAddr("10.77.0.12") }, "address changed"},
		"address dropped":  {0, func(r *Request) { r.IPs = r.IPs[:1] }, "address changed"},
		"another name":     {0, func(r *Request) { r.DNSNames = r.DNSNames[:1] }, "host names changed"},
		"another CN":       {0, func(r *Request) { r.CommonName = "" }, "common name changed"},
		"another usage":    {0, func(r *Request) { r.Client = false }, "usage changed"},
		"another domain":   {0, func(r *Request) { r.CA = "rest" }, "authority changed"},
		"another name key": {0, func(r *Request) { r.Name = "pg2/etcd" }, "new"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			s := open(t, config(t, c))
			first := issue(t, newAuthority(t, s), request())
			if first.Reason != "new" {
				t.Errorf("first build: reason %q", first.Reason)
			}
			s = reopen(t, s)
			c.at = c.at.Add(test.later)
			r := request()
			test.change(&r)
			a := newAuthority(t, s)
			second := issue(t, a, r)
			if second.Reason != test.want {
				t.Errorf("reason %q, want %q", second.Reason, test.want)
			}
			same := bytes.Equal(first.DER, second.DER) && bytes.Equal(first.Key, second.Key)
			if reused := test.want == ""; same != reused || s.Changed() == reused || len(a.Issued()) == 0 != reused {
				t.Errorf("same bytes %v, state changed %v, issued %d", same, s.Changed(), len(a.Issued()))
			}
			if cert := must(x509.ParseCertificate(second.DER))(t); !cert.NotAfter.After(c.at) {
				t.Errorf("it ends %v, before %v", cert.NotAfter, c.at)
			}
		})
	}
}

func TestLeafNeverOutlivesItsAuthority(t *testing.T) {
	c := newClock()
	s := open(t, config(t, c))
	ca := must(newAuthority(t, s).CA("etcd"))(t)
	c.at = ca.Certificate.NotAfter.Add(-10 * day)
	s = reopen(t, s)
	l := issue(t, newAuthority(t, s), request())
	if !l.NotAfter.Equal(ca.Certificate.NotAfter) {
		t.Errorf("leaf ends %v, authority %v", l.NotAfter, ca.Certificate.NotAfter)
	}
	// Issuing it again could not make it live longer: builds must still repeat themselves.
	if again := issue(t, newAuthority(t, reopen(t, s)), request()); again.Reason != "" {
		t.Errorf("issued again: %s", again.Reason)
	}
	c.at = ca.Certificate.NotAfter.Add(time.Second)
	if _, err := newAuthority(t, s).Leaf(request()); err == nil || !strings.Contains(err.Error(), "expired on") {
		t.Errorf("expired authority: %v", err)
	}
}

func TestSameRandomnessSameBytes(t *testing.T) {
	var files []file
	for range 2 {
		s := open(t, config(t, newClock()))
		var requests []Request
		for n := range 20 {
			r := request()
			r.Name = fmt.Sprintf("pg%d/etcd", n)
			requests = append(requests, r)
		}
		must(newAuthority(t, s).Leaves(requests))(t)
		must(s.Password("app"))(t)
		files = append(files, s.file)
	}
	if diff := cmp.Diff(files[0], files[1], cmp.AllowUnexported(file{}, authority{}, leaf{})); diff != "" {
		t.Error("two builds differ")
	}
}

func TestRefusedRequests(t *testing.T) {
	s := open(t, config(t, newClock()))
	a := newAuthority(t, s)
	if _, err := a.Leaf(Request{Name: "x", CA: "etcd"}); err == nil {
		t.Error("a leaf for nothing was issued")
	}
	issue(t, a, request())
	s.file.Leaves["pg1/etcd"] = leaf{Authority: "etcd", Certificate: []byte("junk"), Key: make([]byte, 32)}
	if _, err := a.Leaf(request()); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damaged leaf: %v", err)
	}
	s.file.Authorities["rest"] = authority{Certificate: "x", Key: "y"}
	if _, err := a.CA("rest"); err == nil || !strings.Contains(err.Error(), "authority rest") {
		t.Errorf("damaged authority: %v", err)
	}
	etcd := s.file.Authorities["etcd"]
	other := must(newKey(s.conf.Random))(t)
	s.file.Authorities["postgres"] = authority{Certificate: etcd.Certificate, Key: must(keyPEM(other))(t)}
	if _, err := a.CA("postgres"); err == nil || !strings.Contains(err.Error(), "belong together") {
		t.Errorf("mixed authority: %v", err)
	}
	for _, life := range []Lifetimes{{Leaf: 40 * day}, {CA: 100 * day}} {
		if _, err := NewAuthority(s, life); err == nil {
			t.Errorf("lifetimes %+v were accepted", life)
		}
	}
}

func BenchmarkLeaves(b *testing.B) {
	for b.Loop() {
		s, err := Open(Config{Dir: b.TempDir() + "/s", Cluster: "main"})
		if err != nil {
			b.Fatal(err)
		}
		a, err := NewAuthority(s, Lifetimes{})
		if err != nil {
			b.Fatal(err)
		}
		for range 2 { // issue, then reuse
			var requests []Request
			for n := range 1000 {
				r := request()
				r.Name = fmt.Sprintf("pg%d/etcd", n)
				requests = append(requests, r)
			}
			if _, err := a.Leaves(requests); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Save(); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
