package probe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pgcgen/pgcgen/templates/keepalived"
)

// asker asks Patroni's REST API, whose certificates it verifies.
type asker struct{ client *http.Client }

// ok reports whether Patroni answers 200. OPTIONS makes it answer without a body, as for
// HAProxy.
func (a asker) ok(ctx context.Context, url string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, url, nil)
	if err != nil {
		return false, fmt.Errorf("cannot ask Patroni: %w", err)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return false, fmt.Errorf("cannot ask Patroni: %w", err)
	}
	return res.StatusCode == http.StatusOK, res.Body.Close()
}

// primary asks all nodes at once and returns the first that says it is primary. A node
// that does not answer is not.
func (a asker) primary(ctx context.Context, nodes []keepalived.ProbeNode) (keepalived.ProbeNode, bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan *keepalived.ProbeNode, len(nodes))
	for _, n := range nodes {
		go func() {
			if yes, err := a.ok(ctx, n.Patroni+"/primary"); yes && err == nil {
				answers <- &n
			} else {
				answers <- nil
			}
		}()
	}
	for range nodes {
		if n := <-answers; n != nil {
			return *n, true
		}
	}
	return keepalived.ProbeNode{}, false
}
