// Package pgtls starts TLS the way a PostgreSQL client does: in the clear with an
// SSLRequest, and then, when the server agrees, with a handshake.
package pgtls

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
)

// request is PostgreSQL's SSLRequest: its length and the code 80877103 (PostgreSQL
// documentation, Message Formats).
var request = []byte{0, 0, 0, 8, 4, 210, 22, 47}

var (
	// ErrUnreachable means that nobody accepted the connection.
	ErrUnreachable = errors.New("cannot connect")
	// ErrNoServer means that something accepted the connection and closed it without a word:
	// a proxy that has no server to send it to.
	ErrNoServer = errors.New("it accepts connections but has no server behind it")
)

// Handshake makes a TLS connection to what listens at an address and closes it. The context
// must have a deadline.
//
// It carries the handshake through because PostgreSQL and PgBouncer log a client that
// leaves in the middle of one, and say nothing about one that leaves after it.
func Handshake(ctx context.Context, address string, config *tls.Config) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer conn.Close()
	deadline, ok := ctx.Deadline()
	if !ok {
		return errors.New("cannot ask for TLS without a deadline")
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return fmt.Errorf("cannot ask for TLS: %w", err)
	}
	if err := ask(conn); err != nil {
		return err
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("cannot start TLS: %w", err)
	}
	return secure.Close()
}

// ask sends the request and waits for the server's consent.
func ask(conn net.Conn) error {
	answer := make([]byte, 1)
	_, err := conn.Write(request)
	if err == nil {
		_, err = io.ReadFull(conn, answer)
	}
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("it does not answer: %w", err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNoServer, err)
	case answer[0] != 'S':
		return fmt.Errorf("it answers %q instead of offering TLS", answer)
	}
	return nil
}
