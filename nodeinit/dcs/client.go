// Package dcs talks to etcd, Patroni's distributed configuration store.
//
// It speaks JSON to etcd's gRPC gateway over mutual TLS, as Patroni itself does: the
// gateway must work on the cluster anyway, and etcd's own client would add 8 MiB to the
// agent (docs/rationale.md). Encoding follows the gateway: keys and values are base64,
// 64-bit integers are strings, zero values are left out.
package dcs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Client asks one of several endpoints; it goes on to the next when one does not answer.
type Client struct {
	// Endpoints are base URLs as "https://10.77.0.11:2379".
	Endpoints []string
	HTTP      *http.Client
}

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 4 << 20

// Error is an answer of etcd that refuses the request.
type Error struct {
	Status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("etcd refused: %s (HTTP %d, code %d)", e.Message, e.Status, e.Code)
}

// call posts a request to the first endpoint that answers it.
func (c *Client) call(ctx context.Context, path string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("cannot encode etcd request: %w", err)
	}
	var failures []error
	for _, endpoint := range c.Endpoints {
		err := c.post(ctx, endpoint+path, body, answer)
		var refused *Error
		if err == nil || (errors.As(err, &refused) && refused.Status < 500) {
			return err
		}
		failures = append(failures, fmt.Errorf("%s: %w", endpoint, err))
	}
	return fmt.Errorf("cannot reach etcd: %w", errors.Join(failures...))
}

func (c *Client) post(ctx context.Context, url string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("cannot make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("cannot read answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return refusal(res.StatusCode, data)
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("cannot read answer: %w", err)
	}
	return nil
}

// refusal reads an error answer; the gateway's own errors are JSON, others plain text.
func refusal(status int, data []byte) error {
	e := &Error{Status: status}
	if json.Unmarshal(data, e) != nil || e.Message == "" {
		e.Message = strings.TrimSpace(string(data[:min(len(data), 200)]))
	}
	return e
}
