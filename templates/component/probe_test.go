package component_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

// machine is what a probe reads, by path.
type machine map[string][]byte

func (m machine) ReadFile(path string) ([]byte, error) {
	data, ok := m[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return data, nil
}

func (m machine) Path(path string) string { return path }

// server answers over TLS to clients of one authority; it echoes what is posted.
func server(t *testing.T, authority *stacktest.Authority) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"state": "starting"}`)
		case "/words":
			fmt.Fprint(w, "not JSON")
		default:
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, `{"state": %q, "posted": %q}`, r.Method, body)
		}
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(), MinVersion: tls.VersionTLS12,
		Certificates: []tls.Certificate{authority.Pair(t, component.Certificate{CommonName: "server", IPs: []string{"127.0.0.1"}, Server: true})}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func TestAskJSON(t *testing.T) {
	authority, other := stacktest.NewAuthority(t, "one"), stacktest.NewAuthority(t, "other")
	url := server(t, authority)
	m := machine{"ca": authority.PEM(), "other": other.PEM(), "words": []byte("no certificate")}
	m["crt"], m["key"] = authority.Issue(t, component.Certificate{CommonName: "client", Client: true})
	_, m["stranger"] = authority.Issue(t, component.Certificate{CommonName: "stranger", Client: true})
	good := component.TLSFiles{CA: "ca", Cert: "crt", Key: "key"}
	for _, tt := range []struct {
		name, path  string
		files       component.TLSFiles
		body        any
		code        int
		state, want string
	}{
		{"GET", "/", good, nil, 200, "GET", ""},
		{"POST", "/", good, map[string]int{"a": 1}, 200, "POST", ""},
		{"a refusal has a body too", "/busy", good, nil, 503, "starting", ""},
		{"words", "/words", good, nil, 200, "", "cannot read answer (200 OK)"},
		{"no certificate", "/", component.TLSFiles{CA: "ca"}, nil, 0, "", "certificate required"},
		{"another authority", "/", component.TLSFiles{CA: "other", Cert: "crt", Key: "key"}, nil, 0, "", "unknown authority"},
		{"no authority", "/", component.TLSFiles{CA: "absent"}, nil, 0, "", "cannot read authority"},
		{"an authority that is none", "/", component.TLSFiles{CA: "words"}, nil, 0, "", "holds no certificate"},
		{"no key", "/", component.TLSFiles{CA: "ca", Cert: "crt", Key: "absent"}, nil, 0, "", "cannot read key"},
		{"somebody else's key", "/", component.TLSFiles{CA: "ca", Cert: "crt", Key: "stranger"}, nil, 0, "", "cannot use crt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var answer struct{ State, Posted string }
			code, err := component.AskJSON(t.Context(), m, tt.files, url+tt.path, tt.body, &answer)
			if code != tt.code || answer.State != tt.state {
				t.Errorf("code %d and state %q, want %d and %q", code, answer.State, tt.code, tt.state)
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if tt.body != nil && answer.Posted != `{"a":1}` {
				t.Errorf("posted %q", answer.Posted)
			}
		})
	}
}

// TestAskJSONKeepsTheCause: a missing file is still that for errors.Is.
func TestAskJSONKeepsTheCause(t *testing.T) {
	_, err := component.AskJSON(t.Context(), machine{}, component.TLSFiles{CA: "absent"}, "https://127.0.0.1:1/", nil, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
