//go:build programs

package haproxy_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
)

// node plays a machine's Patroni, PostgreSQL and PgBouncer.
type node struct {
	mu       sync.Mutex
	is       string
	pair     tls.Certificate
	postgres *listener
	pooler   *listener
}

func identity(name, ip string) component.Certificate {
	return component.Certificate{CommonName: name, DNSNames: []string{name}, IPs: []string{ip}, Server: true}
}

func (c *cluster) play(t *testing.T, n component.Node) *node {
	t.Helper()
	ip := n.IP().String()
	p := &node{pair: c.ca.Pair(t, identity(n.Name, ip))}
	p.postgres = &listener{address: net.JoinHostPort(ip, strconv.Itoa(c.postgres.PostgreSQLPort)), answer: "S" + n.Name}
	p.pooler = &listener{address: net.JoinHostPort(ip, strconv.Itoa(c.pooler.ListenPort)), answer: "N" + n.Name}
	p.postgres.start(t)
	p.pooler.start(t)
	t.Cleanup(p.postgres.stop)
	t.Cleanup(p.pooler.stop)
	l, err := tls.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(c.postgres.RestAPIPort)), &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return &p.pair, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0)}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(l) }() // it ends with the test
	return p
}

// role says what Patroni answers from now on.
func (n *node) role(is string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.is = is
}

// present changes the certificate of the REST API.
func (n *node) present(pair tls.Certificate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pair = pair
}

// ServeHTTP answers as Patroni: 200 on the path of its role.
func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.Method != http.MethodOptions || n.is == "" || strings.TrimPrefix(r.URL.Path, "/") != n.is {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// listener answers the first eight bytes of every connection and then keeps it open.
type listener struct {
	address, answer string
	l               net.Listener
	mu              sync.Mutex
	open            []net.Conn
}

func (s *listener) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.l = l
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open = append(s.open, conn)
			s.mu.Unlock()
			go func() {
				if _, err := io.ReadFull(conn, make([]byte, 8)); err == nil {
					_, _ = io.WriteString(conn, s.answer) // the client may have left
				}
			}()
		}
	}()
}

func (s *listener) stop() {
	_ = s.l.Close() // it may be closed already
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.open {
		_ = conn.Close()
	}
	s.open = nil
}
