//go:build boot

package cluster_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgcgen/pgcgen/lab/cluster"
)

// writer inserts rows with ids of its own through the virtual address and remembers which
// the server acknowledged. It reconnects as an application would.
type writer struct {
	c      *cluster.Cluster
	login  cluster.Login
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	acked []int64
	last  time.Time
	gap   time.Duration
}

func startWriter(ctx context.Context, c *cluster.Cluster, l cluster.Login) *writer {
	ctx, cancel := context.WithCancel(ctx)
	w := &writer{c: c, login: l, cancel: cancel, done: make(chan struct{}), last: time.Now()}
	go w.run(ctx)
	return w
}

func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	var conn *pgx.Conn
	for id := int64(1); ; id++ {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
		if conn == nil {
			fresh, err := w.c.Connect(ctx, readWrite, w.login)
			if err != nil {
				continue
			}
			conn = fresh
		}
		if err := w.insert(ctx, conn, id); err != nil {
			conn.Close(ctx)
			conn = nil
		}
	}
}

// insert writes one row within a bound, so that a dead server is noticed.
func (w *writer) insert(ctx context.Context, conn *pgx.Conn, id int64) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "INSERT INTO proof VALUES ($1)", id); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.acked, w.gap, w.last = append(w.acked, id), max(w.gap, now.Sub(w.last)), now
	return nil
}

func (w *writer) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked)
}

func (w *writer) acknowledged() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.acked)
}

// beyond tells how many acknowledged writes are still missing.
func (w *writer) beyond(n int) error {
	if have := w.count(); have < n {
		return fmt.Errorf("%d of %d writes were acknowledged", have, n)
	}
	return nil
}

// stop ends the writer and returns the longest time between two acknowledged writes.
func (w *writer) stop() time.Duration {
	w.cancel()
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gap
}
