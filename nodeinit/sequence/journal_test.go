package sequence_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
)

// plan makes n steps with random pasts; cut, if not empty, names the step at which the
// power fails: before its work counts as done.
func plan(tr *trace, seed uint64, n int, cut string, off context.CancelFunc) []sequence.Step {
	rnd := rand.New(rand.NewPCG(seed, 0))
	steps := make([]sequence.Step, n)
	for i := range steps {
		var after []string
		for j := range i {
			if rnd.IntN(3) == 0 {
				after = append(after, fmt.Sprint(j))
			}
		}
		steps[i] = tr.step(fmt.Sprint(i), after...)
		if steps[i].Name == cut {
			steps[i].Run = func(context.Context, *sequence.Report) error {
				off()
				return errors.New("the light went out")
			}
		}
	}
	return steps
}

// The property: for any plan and any place of the cut, what was recorded before the cut
// does not run again, everything else does, and together they are the whole plan.
func TestAfterAPowerCutOnlyTheMissingRunsAgain(t *testing.T) {
	const n = 12
	for seed := range uint64(10) {
		for at := range n {
			store := &memory{}
			ctx, off := context.WithCancel(t.Context())
			var before, after, never trace
			first := open(t, store, nil, plan(&before, seed, n, fmt.Sprint(at), off)...)
			if err := first.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Fatalf("seed %d cut at %d: Run: %v", seed, at, err)
			}
			recorded := len(before.names)

			second := open(t, store, nil, plan(&after, seed, n, "", nil)...)
			if got := second.Resumed().Recorded; got != recorded {
				t.Errorf("seed %d cut at %d: %d recorded, %d done", seed, at, got, recorded)
			}
			finish(t, second)
			if both := slices.Compact(slices.Sorted(slices.Values(append(before.names, after.names...)))); len(both) != n || recorded+len(after.names) != n {
				t.Errorf("seed %d cut at %d: before %v, after %v", seed, at, before.names, after.names)
			}

			finish(t, open(t, store, nil, plan(&never, seed, n, "", nil)...))
			if len(never.names) != 0 {
				t.Errorf("seed %d cut at %d: a finished plan ran %v again", seed, at, never.names)
			}
		}
	}
}

func TestAlwaysStepsRunInEveryRun(t *testing.T) {
	store := &memory{}
	var ev events
	for range 2 {
		var tr trace
		start := tr.step("start", "files")
		start.Always = true
		finish(t, open(t, store, ev.observe, tr.step("files"), start, tr.step("sql", "start")))
		if !slices.Contains(tr.names, "start") {
			t.Errorf("ran %v", tr.names)
		}
	}
	want := []string{"running", "done", "done"}
	if diff := cmp.Diff(want, ev.states("sql")); diff != "" {
		t.Errorf("sql after a step that always runs: %s", diff)
	}
	if last := ev.list[len(ev.list)-1]; last.Step != "sql" || !last.Recorded {
		t.Errorf("last event %+v, want sql as recorded", last)
	}
}

// A newer nodeinit may put a step before recorded ones: these are then no proof any more,
// not even when the power fails between the new step and them.
func TestNewStepRunsAgainWhatFollowsIt(t *testing.T) {
	store := &memory{}
	var old, cut, rest trace
	finish(t, open(t, store, nil, old.step("a"), old.step("b", "a"), old.step("z")))

	ctx, off := context.WithCancel(t.Context())
	b := sequence.Step{Name: "b", After: []string{"new"}, Run: func(context.Context, *sequence.Report) error {
		off()
		return errors.New("the light went out")
	}}
	if err := open(t, store, nil, cut.step("a"), cut.step("new", "a"), b, cut.step("z")).Run(ctx); err == nil {
		t.Error("Run outlived the power cut")
	}
	finish(t, open(t, store, nil, rest.step("a"), rest.step("new", "a"), rest.step("b", "new"), rest.step("z")))
	if diff := cmp.Diff([][]string{{"new"}, {"b"}}, [][]string{cut.names, rest.names}); diff != "" {
		t.Error(diff)
	}
}

func TestJournalOfAnotherDigestDoesNotCount(t *testing.T) {
	store := &memory{}
	var tr trace
	steps := []sequence.Step{tr.step("a")}
	finish(t, open(t, store, nil, steps...))
	s, err := sequence.New(steps, sequence.Options{Digest: "d2", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	finish(t, s)
	if len(tr.names) != 2 {
		t.Errorf("ran %v", tr.names)
	}
	if got := s.Resumed(); got.Previous != "d1" || got.Recorded != 0 {
		t.Errorf("Resumed: %+v", got)
	}
	var doc struct{ Digest, Previous string }
	if err := json.Unmarshal(store.data, &doc); err != nil || doc.Digest != "d2" || doc.Previous != "d1" {
		t.Errorf("journal %s: %v", store.data, err)
	}
}

func TestDamagedJournalCountsAsAbsent(t *testing.T) {
	for _, damage := range []string{"", "{", "[]", `{"digest": 1}`, "\x00\x00"} {
		var tr trace
		store := &memory{data: []byte(damage)}
		s := open(t, store, nil, tr.step("a"))
		if s.Resumed().Damage == nil {
			t.Errorf("%q is not reported", damage)
		}
		finish(t, s)
		if len(tr.names) != 1 || !bytes.Contains(store.data, []byte(`"a"`)) {
			t.Errorf("after %q ran %v, journal %s", damage, tr.names, store.data)
		}
	}
}

// A step that cannot be recorded must hold back what follows it.
func TestStepIsNotDoneBeforeItIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr trace
		store := &memory{}
		store.refuse(errors.New("no space left"))
		s := open(t, store, nil, tr.step("a"), tr.step("b", "a"))
		go func() { finish(t, s) }()
		synctest.Wait()
		if got := s.Snapshot(); got[0].Reason != "cannot record step a: no space left" || got[1].State != sequence.Pending {
			t.Errorf("%+v", got)
		}
		store.refuse(nil)
		time.Sleep(time.Minute)
		if got := s.Snapshot(); got[1].State != sequence.Done {
			t.Errorf("%+v", got)
		}
	})
}
