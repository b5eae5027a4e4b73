package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// sslRequest is PostgreSQL's SSLRequest: its length and the code 80877103 (PostgreSQL
// documentation, Message Formats).
var sslRequest = []byte{0, 0, 0, 8, 4, 210, 22, 47}

// ErrNoServer means that something accepted the connection and closed it without a word:
// a proxy that has no server to send it to.
var ErrNoServer = errors.New("it accepts connections but has no server behind it")

// SSLRequest asks what listens at an address whether it speaks PostgreSQL over TLS.
func SSLRequest(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot connect: %w", err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return fmt.Errorf("cannot set deadline %s: %w", deadline.Format(time.TimeOnly), err)
	}
	if _, err := conn.Write(sslRequest); err != nil {
		return fmt.Errorf("cannot ask: %w", err)
	}
	answer := make([]byte, 1)
	_, err = io.ReadFull(conn, answer)
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer within %s", probeTimeout)
	case err != nil:
		return ErrNoServer
	case answer[0] != 'S':
		return fmt.Errorf("it answers %q instead of offering TLS", answer)
	}
	return nil
}
