package sequence

import (
	"context"
	"fmt"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
)

// Report is how a running step tells what it does.
type Report struct {
	sequence *Sequence
	index    int
}

// Waiting publishes what the step waits for: "etcd on pg2 does not answer: x509: ...".
// Repeating the same reason publishes nothing.
func (r *Report) Waiting(reason string) { r.tell(Waiting, reason) }

// Progress publishes how far the step has come: "installing patroni, 40 %".
func (r *Report) Progress(text string) { r.tell(Running, text) }

func (r *Report) tell(state State, reason string) {
	r.sequence.publish(r.index, func(st *Status) { st.State, st.Reason = state, reason })
}

// Until calls check until it returns nil, publishing each refusal as what the step waits
// for. It returns at once what fault.Blocked marks, and ends with ctx, when the error is
// the last refusal.
func (r *Report) Until(ctx context.Context, check func(context.Context) error) error {
	pace := Pace{First: 50 * time.Millisecond, Max: time.Second}
	for attempt := 1; ; attempt++ {
		err := check(ctx)
		if err == nil || fault.IsBlocked(err) {
			return err
		}
		if ctx.Err() != nil {
			return err
		}
		r.Waiting(err.Error())
		due := time.NewTimer(pace.delay(attempt))
		select {
		case <-due.C:
		case <-ctx.Done():
			due.Stop()
			return err
		}
	}
}

// TimeoutError tells that an attempt took longer than its step allows.
type TimeoutError struct {
	Limit time.Duration
	// Waiting is what the step waited for at the end, if it said so.
	Waiting string
	// Err is what the step returned.
	Err error
}

// Error names what was waited for; without that, what the step returned.
func (e *TimeoutError) Error() string {
	why := e.Waiting
	if why == "" {
		why = e.Err.Error()
	}
	return fmt.Sprintf("not done within %s: %s", e.Limit, why)
}

func (e *TimeoutError) Unwrap() error { return e.Err }
