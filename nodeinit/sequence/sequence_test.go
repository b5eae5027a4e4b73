package sequence_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
)

func TestStepsRunAfterTheirPast(t *testing.T) {
	var tr trace
	steps := []sequence.Step{tr.step("d", "b", "c"), tr.step("c", "a"), tr.step("b", "a"), tr.step("a")}
	finish(t, open(t, &memory{}, nil, steps...))
	if len(tr.names) != 4 || tr.names[0] != "a" || tr.names[3] != "d" {
		t.Errorf("ran %v", tr.names)
	}
}

// Two steps that each wait for the other to have started can only end when both run at
// the same time.
func TestIndependentStepsRunTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := make(chan struct{}), make(chan struct{})
		meet := func(mine, other chan struct{}) func(context.Context, *sequence.Report) error {
			return func(ctx context.Context, _ *sequence.Report) error {
				close(mine)
				<-other
				return nil
			}
		}
		finish(t, open(t, &memory{}, nil,
			sequence.Step{Name: "a", Run: meet(a, b)}, sequence.Step{Name: "b", Run: meet(b, a)}))
	})
}

func TestFailedStepIsTriedAgainWhileOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr trace
		var ev events
		var starts []time.Time
		flaky := sequence.Step{Name: "flaky", Run: func(context.Context, *sequence.Report) error {
			starts = append(starts, time.Now())
			if len(starts) < 9 {
				return fault.WithRemedy(errors.New("not yet"), "patience")
			}
			return nil
		}}
		s := open(t, &memory{}, ev.observe, flaky, tr.step("late", "flaky"), tr.step("other"))
		go func() { finish(t, s) }()
		synctest.Wait()
		if got := tr.sorted(); !slices.Equal(got, []string{"other"}) {
			t.Errorf("while one step fails, %v ran", got)
		}
		failed := s.Snapshot()[0]
		if failed.State != sequence.Failed || failed.Reason != "not yet" || failed.Remedy != "patience" || failed.RetryAt.IsZero() {
			t.Errorf("status %+v", failed)
		}
		time.Sleep(time.Hour)
		if got := tr.sorted(); !slices.Equal(got, []string{"late", "other"}) {
			t.Errorf("in the end %v ran", got)
		}
		for i, full := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
			full *= time.Second
			if rest := starts[i+1].Sub(starts[i]); rest < full/2 || rest > full {
				t.Errorf("rest %d is %s, want between half of %s and all of it", i+1, rest, full)
			}
		}
		done := s.Snapshot()[0]
		if done.State != sequence.Done || done.Attempt != 9 || done.Reason+done.Remedy+done.LastError != "" {
			t.Errorf("status %+v", done)
		}
	})
}

func TestBlockedStepGoesOnWhenTheCauseIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ev events
		var tries atomic.Int32
		var repaired atomic.Bool
		s := open(t, &memory{}, ev.observe, sequence.Step{Name: "disk", Run: func(context.Context, *sequence.Report) error {
			tries.Add(1)
			if !repaired.Load() {
				return fault.Blocked(errors.New("disk of another cluster"), "wipe it")
			}
			return nil
		}})
		go func() { finish(t, s) }()
		time.Sleep(95 * time.Second)
		if got := s.Snapshot()[0]; got.State != sequence.Blocked || got.Remedy != "wipe it" {
			t.Errorf("status %+v", got)
		}
		if got := tries.Load(); got != 10 {
			t.Errorf("tried %d times in 95 s, want every 10 s", got)
		}
		repaired.Store(true)
		time.Sleep(10 * time.Second)
		if got := s.Snapshot()[0]; got.State != sequence.Done {
			t.Errorf("status %+v", got)
		}
	})
}

func TestTimeoutNamesWhatWasWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ev events
		s := open(t, &memory{}, ev.observe, sequence.Step{Name: "etcd/ready", Timeout: time.Minute,
			Run: func(ctx context.Context, r *sequence.Report) error {
				r.Waiting("pg2 is silent")
				r.Waiting("pg2 is silent") // repeating publishes nothing
				<-ctx.Done()
				return ctx.Err()
			}})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 61*time.Second, errors.New("power button"))
		defer cancel()
		if err := s.Run(ctx); err == nil || err.Error() != "power button" {
			t.Errorf("Run: %v, want the cause of the end", err)
		}
		want := []string{"running", "waiting: pg2 is silent", "failed: not done within 1m0s: pg2 is silent", "running", "waiting: pg2 is silent"}
		if diff := cmp.Diff(want, ev.states("etcd/ready")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUntilPublishesRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ev events
		refusals := []error{errors.New("refused"), errors.New("refused"), errors.New("no leader"), nil}
		s := open(t, &memory{}, ev.observe, sequence.Step{Name: "a", Run: func(ctx context.Context, r *sequence.Report) error {
			return r.Until(ctx, func(context.Context) error {
				err := refusals[0]
				refusals = refusals[1:]
				return err
			})
		}})
		finish(t, s)
		if diff := cmp.Diff([]string{"running", "waiting: refused", "waiting: no leader", "done"}, ev.states("a")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUntilEndsAtOnceWhenBlockedOrCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocked := fault.Blocked(errors.New("wrong disk"), "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		refused := errors.New("refused")
		s := open(t, &memory{}, nil, sequence.Step{Name: "a", Run: func(_ context.Context, r *sequence.Report) error {
			if err := r.Until(ctx, func(context.Context) error { return blocked }); err != blocked {
				t.Errorf("Until: %v", err)
			}
			if err := r.Until(ctx, func(context.Context) error { return refused }); err != refused {
				t.Errorf("Until after its end: %v, want the last refusal", err)
			}
			return nil
		}})
		finish(t, s)
	})
}

func TestEventsCountProgress(t *testing.T) {
	var tr trace
	var ev events
	finish(t, open(t, &memory{}, ev.observe, tr.step("a"), tr.step("b", "a")))
	var got [][2]int
	for _, e := range ev.list {
		if e.State == sequence.Done {
			got = append(got, [2]int{e.Done, e.Total})
		}
	}
	if diff := cmp.Diff([][2]int{{1, 2}, {2, 2}}, got); diff != "" {
		t.Error(diff)
	}
}
