package sequence

import (
	"math/rand/v2"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
)

// Pace is how long failed steps rest.
type Pace struct {
	// First is the rest after a first failure; it doubles with each further one up to Max.
	// Between half of it and all of it is slept: machines that fail together, because
	// of the same cause, do not come back together.
	First, Max time.Duration
	// Blocked is the rest of a blocked step.
	Blocked time.Duration
}

// DefaultPace suits a machine that boots.
var DefaultPace = Pace{First: time.Second, Max: 30 * time.Second, Blocked: 10 * time.Second}

func (p Pace) withDefaults() Pace {
	return Pace{
		First:   orElse(p.First, DefaultPace.First),
		Max:     orElse(p.Max, DefaultPace.Max),
		Blocked: orElse(p.Blocked, DefaultPace.Blocked),
	}
}

func orElse(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}

// after says how a step stands after its failed attempt and how long it rests.
func (p Pace) after(err error, attempt int) (State, time.Duration) {
	if fault.IsBlocked(err) {
		return Blocked, p.Blocked
	}
	return Failed, p.delay(attempt)
}

func (p Pace) delay(attempt int) time.Duration {
	d := p.First
	for ; attempt > 1 && d < p.Max; attempt-- {
		d *= 2
	}
	d = min(d, p.Max)
	return d/2 + rand.N(d/2+1)
}
