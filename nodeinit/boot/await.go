package boot

import (
	"context"
	"errors"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/spec"
)

// specPoll is how often the spec is looked for, and slowPoll how often a refused one is
// looked at again.
const (
	specPoll = 100 * time.Millisecond
	slowPoll = 5 * time.Second
)

// awaitSpec returns the machine's spec once it is complete and may be used.
func (a *Agent) awaitSpec(ctx context.Context, b *board) (spec.Spec, error) {
	for {
		s, err := spec.Load(a.Host.ReadFile)
		switch {
		case err == nil:
			return s, nil
		case errors.Is(err, spec.ErrIncomplete):
			b.waitingForSpec(err)
		default:
			b.refused(err)
		}
		pause := specPoll
		if err != nil && !errors.Is(err, spec.ErrIncomplete) {
			pause = slowPoll
		}
		if err := sleep(ctx, pause); err != nil {
			return spec.Spec{}, err
		}
	}
}

// sleep waits, or returns the cause of the context's end.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// loaded reads the spec that is there now.
func (a *Agent) loaded() (*bringUp, error) {
	s, err := spec.Load(a.Host.ReadFile)
	if err != nil {
		return nil, err
	}
	return a.newBringUp(s)
}
