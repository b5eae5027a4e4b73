// Package sequence runs idempotent steps to their end: in the order that each step names,
// independent ones at the same time, each tried again until it succeeds, and none twice
// when a journal says that it is done.
//
// It knows nothing of what the steps do. What happens is told to observers as events.
package sequence

import (
	"context"
	"sync"
	"time"
)

// Step is one thing to bring about. Running it again when it holds already must be
// harmless: after a power cut the last one that ran is not in the journal.
type Step struct {
	// Name is unique and the same everywhere it is shown: "etcd/ready".
	Name string
	// Title says in words what holds when the step is done.
	Title string
	// After names the steps that must be done first.
	After []string
	// Always runs the step in every run, whatever the journal says: starting, probing.
	Always bool
	// Timeout bounds one attempt; zero means no bound. An attempt that exceeds it counts as
	// failed and the step is tried again: a deadline is for telling, not for giving up.
	Timeout time.Duration
	// Run does the work. fault.Blocked marks an error that needs a person.
	Run func(context.Context, *Report) error
}

// Options are what a Sequence needs from outside.
type Options struct {
	// Digest identifies what the steps bring about. A journal with another digest does
	// not count.
	Digest string
	Store  Store
	// Observers are called with every event, one at a time and in order. They may call
	// Snapshot, and must return quickly: the steps wait for them.
	Observers []func(Event)
	// Pace is how quickly failed steps are tried again; zero fields mean DefaultPace's.
	Pace Pace
}

// Sequence is a validated plan with its journal.
type Sequence struct {
	steps     []Step
	skip      map[string]bool
	done      map[string]chan struct{}
	journal   *journal
	observers []func(Event)
	pace      Pace

	publishing sync.Mutex // orders events; held while observers run
	mu         sync.Mutex // guards what follows
	status     []Status
	finished   int
}

// New validates the steps and reads the journal. Names that are missing, repeated or
// unknown and circles in After are errors. A journal that is damaged or of another digest
// counts as absent; Resumed tells.
func New(steps []Step, opts Options) (*Sequence, error) {
	if err := validate(steps); err != nil {
		return nil, err
	}
	s := &Sequence{
		steps:     steps,
		done:      make(map[string]chan struct{}, len(steps)),
		journal:   openJournal(opts.Store, opts.Digest),
		observers: opts.Observers,
		pace:      opts.Pace.withDefaults(),
		status:    make([]Status, len(steps)),
	}
	s.skip = skippable(steps, s.journal.recorded)
	s.journal.keep(s.skip)
	now := time.Now()
	for i, step := range steps {
		s.done[step.Name] = make(chan struct{})
		s.status[i] = Status{Step: step.Name, Title: step.Title, State: Pending, Since: now}
	}
	return s, nil
}

// Run drives every step until all are done, which returns nil, or until ctx ends, which
// returns its cause after the running steps have returned. It may be called once.
func (s *Sequence) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for i := range s.steps {
		running.Go(func() { s.drive(ctx, i) })
	}
	running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished == len(s.steps) {
		return nil
	}
	return context.Cause(ctx)
}

// Resumed says what the journal of an earlier run contributed.
func (s *Sequence) Resumed() Resumption {
	r := s.journal.resumption
	r.Recorded = len(s.skip)
	return r
}

func (s *Sequence) drive(ctx context.Context, i int) {
	step := s.steps[i]
	for _, name := range step.After {
		select {
		case <-s.done[name]:
		case <-ctx.Done():
			return
		}
	}
	if s.skip[step.Name] {
		s.finish(i, func(st *Status) { st.Recorded = true })
		return
	}
	s.persist(ctx, i)
}

// persist tries a step until it succeeds or ctx ends.
func (s *Sequence) persist(ctx context.Context, i int) {
	first := time.Now()
	for attempt := 1; ctx.Err() == nil; attempt++ {
		s.publish(i, func(st *Status) { st.State, st.Reason, st.Remedy, st.Attempt = Running, "", "", attempt })
		err := s.attempt(ctx, i)
		took := time.Since(first)
		if err == nil {
			err = s.journal.record(s.steps[i].Name, entry{At: time.Now().UTC(), Took: took, Attempts: attempt})
		}
		if err == nil {
			s.finish(i, func(st *Status) { st.Took = took })
			return
		}
		if ctx.Err() != nil {
			return
		}
		s.pause(ctx, i, err, attempt)
	}
}

// attempt runs a step once, within its timeout.
func (s *Sequence) attempt(ctx context.Context, i int) error {
	step := s.steps[i]
	report := &Report{sequence: s, index: i}
	if step.Timeout == 0 {
		return step.Run(ctx, report)
	}
	bounded, cancel := context.WithTimeout(ctx, step.Timeout)
	defer cancel()
	err := step.Run(bounded, report)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return &TimeoutError{Limit: step.Timeout, Waiting: s.reason(i), Err: err}
	}
	return err
}

// pause publishes why an attempt failed and waits until the next one is due.
func (s *Sequence) pause(ctx context.Context, i int, err error, attempt int) {
	state, delay := s.pace.after(err, attempt)
	due := time.NewTimer(delay)
	defer due.Stop()
	s.fail(i, state, err, time.Now().Add(delay))
	select {
	case <-due.C:
	case <-ctx.Done():
	}
}
