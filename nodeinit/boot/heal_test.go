package boot

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/dcs"
)

// stuckCluster answers as etcd and as every node's Patroni in the state that healer ends;
// its fields change one thing each.
type stuckCluster struct {
	initialize string // etcd's answer about the key; empty: it does not exist
	leader     string
	patroni    string
	deletes    int
}

const emptyKey = `{"kvs":[{"key":"aQ==","create_revision":"5","mod_revision":"5"}]}`

func newStuck() *stuckCluster {
	return &stuckCluster{initialize: emptyKey, leader: `{}`, patroni: `{"state":"stopped","role":"replica"}`}
}

func (c *stuckCluster) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	answer := c.patroni
	switch r.URL.Path {
	case "/v3/kv/range":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		var request struct{ Key []byte }
		if err := json.Unmarshal(body, &request); err != nil {
			return nil, err
		}
		if answer = c.leader; strings.HasSuffix(string(request.Key), "/initialize") {
			answer = c.initialize
		}
	case "/v3/kv/txn":
		c.deletes++
		answer = `{"succeeded":true}`
	}
	if _, err := io.WriteString(recorder, answer); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

func newHealer(t *testing.T, c *stuckCluster) (*healer, *fake) {
	t.Helper()
	f := newFake(t)
	client := &http.Client{Transport: c}
	f.peers = &peers{cluster: f.spec.Cluster, rest: client, dcs: &dcs.Client{Endpoints: []string{"https://10.77.0.11:2379"}, HTTP: client}}
	return &healer{bringUp: f.bringUp}, f
}

// watch looks every few seconds for a while longer than the healer's patience.
func watch(t *testing.T, h *healer, f *fake, each func(i int)) {
	t.Helper()
	for i := range 20 {
		each(i)
		h.look(t.Context())
		f.now = f.now.Add(5 * time.Second)
	}
}

func TestHealerEndsTheDeadlock(t *testing.T) {
	c := newStuck()
	h, f := newHealer(t, c)
	h.look(t.Context())
	f.now = f.now.Add(h.patience() - time.Second)
	h.look(t.Context())
	if c.deletes != 0 {
		t.Fatal("it lost patience too early")
	}
	f.now = f.now.Add(2 * time.Second)
	h.look(t.Context())
	if c.deletes != 1 {
		t.Errorf("deleted %d times, want once", c.deletes)
	}
}

// TestHealerLeavesLifeAlone: each sign that somebody works keeps the key.
func TestHealerLeavesLifeAlone(t *testing.T) {
	tests := map[string]func(c *stuckCluster, i int){
		"no key": func(c *stuckCluster, _ int) { c.initialize = `{}` },
		"a system identifier": func(c *stuckCluster, _ int) {
			c.initialize = strings.Replace(emptyKey, `"key"`, `"value":"NzQ=","key"`, 1)
		},
		"a lease": func(c *stuckCluster, _ int) {
			c.initialize = strings.Replace(emptyKey, `"key"`, `"lease":"7","key"`, 1)
		},
		"a leader":                func(c *stuckCluster, _ int) { c.leader = emptyKey },
		"initdb runs":             func(c *stuckCluster, _ int) { c.patroni = `{"state":"initializing new cluster"}` },
		"a member has data":       func(c *stuckCluster, _ int) { c.patroni = `{"state":"stopped","database_system_identifier":"74"}` },
		"Patroni does not answer": func(c *stuckCluster, _ int) { c.patroni = `not json` },
		"the key changes": func(c *stuckCluster, i int) {
			c.initialize = strings.ReplaceAll(emptyKey, `"mod_revision":"5"`, `"mod_revision":"`+string(rune('0'+i%10))+`1"`)
		},
		"it runs now and then": func(c *stuckCluster, i int) {
			c.patroni = `{"state":"stopped"}`
			if i%5 == 4 {
				c.patroni = `{"state":"starting"}`
			}
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			c := newStuck()
			h, f := newHealer(t, c)
			watch(t, h, f, func(i int) { change(c, i) })
			if c.deletes != 0 {
				t.Errorf("deleted %d times", c.deletes)
			}
		})
	}
}
