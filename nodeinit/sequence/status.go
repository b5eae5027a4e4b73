package sequence

import (
	"slices"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
)

// State is where a step stands.
type State string

// The states of a step.
const (
	// Pending steps wait for the steps they come after.
	Pending State = "pending"
	Running State = "running"
	// Waiting steps run, and wait for something outside; Reason says for what.
	Waiting State = "waiting"
	// Failed steps are tried again at RetryAt.
	Failed State = "failed"
	// Blocked steps need a person; they are tried again at RetryAt, so repairing the cause
	// is enough.
	Blocked State = "blocked"
	Done    State = "done"
)

// Status is what there is to know about a step.
type Status struct {
	Step  string `json:"step"`
	Title string `json:"title,omitempty"`
	State State  `json:"state"`
	// Reason says what a waiting step waits for, why it failed, or how far it has come.
	Reason string `json:"reason,omitempty"`
	// Remedy is what a person can do about Reason.
	Remedy string `json:"remedy,omitempty"`
	// LastError is why the attempt before this one failed.
	LastError string `json:"last_error,omitempty"`
	// Attempt counts from 1; 0 means that the step has not been tried in this run.
	Attempt int `json:"attempt,omitempty"`
	// Since is when the step entered its state.
	Since time.Time `json:"since"`
	// RetryAt is when a failed or blocked step is tried again.
	RetryAt time.Time `json:"retry_at,omitzero"`
	// Took is the time from the first attempt to the end, in nanoseconds.
	Took time.Duration `json:"took_ns,omitempty"`
	// Recorded tells that an earlier run did the step.
	Recorded bool `json:"recorded,omitempty"`
}

// Event is a change of one step, and how many of all steps are done.
type Event struct {
	Status
	Done, Total int
}

// Snapshot returns every step's status in the plan's order.
func (s *Sequence) Snapshot() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.status)
}

// publish changes a step's status and tells the observers.
func (s *Sequence) publish(i int, change func(*Status)) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	event, changed := s.apply(i, change)
	if !changed {
		return
	}
	for _, observe := range s.observers {
		observe(event)
	}
}

func (s *Sequence) apply(i int, change func(*Status)) (Event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.status[i]
	st := &s.status[i]
	change(st)
	if *st == before {
		return Event{}, false
	}
	if st.State != before.State {
		st.Since = time.Now()
	}
	if st.State == Done {
		s.finished++
	}
	return Event{Status: *st, Done: s.finished, Total: len(s.steps)}, true
}

// finish publishes that a step is done, then lets those start that come after it.
func (s *Sequence) finish(i int, change func(*Status)) {
	s.publish(i, func(st *Status) {
		st.State, st.Reason, st.Remedy, st.LastError = Done, "", "", ""
		change(st)
	})
	close(s.done[s.steps[i].Name])
}

func (s *Sequence) fail(i int, state State, err error, retry time.Time) {
	s.publish(i, func(st *Status) {
		st.State, st.Reason, st.Remedy = state, err.Error(), fault.Remedy(err)
		st.LastError, st.RetryAt = err.Error(), retry
	})
}

// reason is what a waiting step waits for.
func (s *Sequence) reason(i int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status[i].State != Waiting {
		return ""
	}
	return s.status[i].Reason
}
