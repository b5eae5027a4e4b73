package dcs_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/dcs"
)

// gateway answers as etcd's JSON gateway does and remembers what it was asked.
func gateway(t *testing.T, answers map[string]string) (*dcs.Client, map[string]map[string]any) {
	t.Helper()
	asked := map[string]map[string]any{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var request map[string]any
		if err := json.Unmarshal(body, &request); err != nil {
			t.Error(err)
		}
		asked[r.URL.Path] = request
		answer, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if strings.HasPrefix(answer, "!") {
			w.WriteHeader(http.StatusBadRequest)
			answer = answer[1:]
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return &dcs.Client{Endpoints: []string{s.URL}, HTTP: s.Client()}, asked
}

func TestGet(t *testing.T) {
	c, asked := gateway(t, map[string]string{"/v3/kv/range": `{"header":{"revision":"9"},"kvs":[{"key":"aw==","value":"dg==","create_revision":"3","mod_revision":"7","version":"2"}],"count":"1"}`})
	kv, err := c.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if string(kv.Value) != "v" || kv.ModRevision != 7 || kv.Lease != 0 {
		t.Errorf("got %+v", kv)
	}
	if asked["/v3/kv/range"]["key"] != "aw==" {
		t.Errorf("asked %v", asked)
	}
}

func TestGetOfNothing(t *testing.T) {
	c, _ := gateway(t, map[string]string{"/v3/kv/range": `{"header":{"revision":"9"}}`})
	if kv, err := c.Get(t.Context(), "k"); kv != nil || err != nil {
		t.Errorf("got %v, %v", kv, err)
	}
}

// TestDeleteIfIsGuarded: the request must carry both conditions, or a living bootstrap
// could lose its key.
func TestDeleteIfIsGuarded(t *testing.T) {
	c, asked := gateway(t, map[string]string{"/v3/kv/txn": `{"header":{},"succeeded":true}`})
	done, err := c.DeleteIf(t.Context(), "initialize", 42, "leader")
	if err != nil || !done {
		t.Fatalf("got %v, %v", done, err)
	}
	guards, _ := asked["/v3/kv/txn"]["compare"].([]any)
	if len(guards) != 2 {
		t.Fatalf("guards %v", guards)
	}
	mod, absent := guards[0].(map[string]any), guards[1].(map[string]any)
	if mod["target"] != "MOD" || mod["mod_revision"] != "42" || mod["result"] != "EQUAL" {
		t.Errorf("guard %v", mod)
	}
	if _, has := absent["create_revision"]; absent["target"] != "CREATE" || has {
		t.Errorf("guard %v", absent)
	}
}

func TestDeleteIfThatLost(t *testing.T) {
	c, _ := gateway(t, map[string]string{"/v3/kv/txn": `{"header":{}}`})
	if done, err := c.DeleteIf(t.Context(), "k", 1, "l"); done || err != nil {
		t.Errorf("got %v, %v", done, err)
	}
}

func TestMembersAndStatus(t *testing.T) {
	c, _ := gateway(t, map[string]string{
		"/v3/cluster/member/list": `{"members":[{"ID":"18446744073709551615","name":"pg1","peerURLs":["https://a:2380"],"clientURLs":["https://a:2379"]},{"ID":"2","isLearner":true}]}`,
		"/v3/maintenance/status":  `{"header":{"cluster_id":"5","member_id":"6"},"version":"3.5.16","leader":"7"}`,
	})
	members, err := c.Members(t.Context())
	if err != nil || len(members) != 2 || members[0].ID != 1<<64-1 || !members[1].IsLearner || members[1].Name != "" {
		t.Errorf("got %+v, %v", members, err)
	}
	status, err := c.Status(t.Context())
	if err != nil || status.Leader != 7 || status.Header.MemberID != 6 {
		t.Errorf("got %+v, %v", status, err)
	}
}

func TestRefusalIsNamed(t *testing.T) {
	c, _ := gateway(t, map[string]string{"/v3/kv/range": `!{"error":"x","code":9,"message":"etcdserver: not a leader"}`})
	_, err := c.Get(t.Context(), "k")
	var refused *dcs.Error
	if !errors.As(err, &refused) || refused.Code != 9 || !strings.Contains(err.Error(), "not a leader") {
		t.Errorf("got %v", err)
	}
}

// TestNextEndpoint: a member that is down does not hide the others.
func TestNextEndpoint(t *testing.T) {
	c, _ := gateway(t, map[string]string{"/v3/kv/range": `{}`})
	down := httptest.NewServer(nil)
	down.Close()
	c.Endpoints = append([]string{down.URL}, c.Endpoints...)
	if _, err := c.Get(t.Context(), "k"); err != nil {
		t.Error(err)
	}
	c.Endpoints = c.Endpoints[:1]
	if _, err := c.Get(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), down.URL) {
		t.Errorf("got %v", err)
	}
}
