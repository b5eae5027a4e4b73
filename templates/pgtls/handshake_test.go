package pgtls_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/pgtls"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

// serve answers one connection's SSLRequest and returns the address.
func serve(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := io.ReadFull(conn, make([]byte, 8)); err == nil {
			answer(conn)
		}
	}()
	return l.Addr().String()
}

func TestHandshake(t *testing.T) {
	ca, other := stacktest.NewAuthority(t, "ca"), stacktest.NewAuthority(t, "ca")
	pair := ca.Pair(t, component.Certificate{IPs: []string{"127.0.0.1"}, Server: true})
	secure := func(conn net.Conn) {
		_, _ = conn.Write([]byte("S"))
		_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake()
	}
	for _, test := range []struct {
		name   string
		answer func(net.Conn)
		trust  *stacktest.Authority
		want   string
	}{
		{"trusted", secure, ca, ""},
		{"another authority", secure, other, "cannot start TLS"},
		{"no TLS", func(c net.Conn) { _, _ = c.Write([]byte("N")) }, ca, `answers "N"`},
		{"no server", func(net.Conn) {}, ca, "has no server"},
		{"silence", func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 1)) }, ca, "does not answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			config := &tls.Config{RootCAs: test.trust.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
			err := pgtls.Handshake(ctx, serve(t, test.answer), config)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestHandshakeWithNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := pgtls.Handshake(ctx, l.Addr().String(), nil); !errors.Is(err, pgtls.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}
