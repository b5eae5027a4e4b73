package systemd

import (
	"errors"
	"fmt"
	"strings"
)

// JobError tells that systemd did not carry a job out.
type JobError struct {
	Unit string
	// Job is "start", "restart", "reload" or "stop".
	Job string
	// Result is systemd's: "canceled" by a job in the way, "timeout", "failed", "dependency"
	// when a unit that it requires failed, "skipped", and further ones in newer versions.
	Result string
	// State is where the unit stands afterwards.
	State State
	// Dependencies are the required units that do not run, when Result is "dependency".
	Dependencies []State
	// Lines are the unit's last journal lines.
	Lines []string
}

// Error says what systemd says and ends with the unit's last journal lines.
func (e *JobError) Error() string {
	text := fmt.Sprintf("cannot %s %s: the job ended with %q, the unit is %s", e.Job, e.Unit, e.Result, e.State)
	for _, d := range e.Dependencies {
		text += fmt.Sprintf("; it requires %s, which is %s", d.Unit, d)
	}
	return text + quote(e.Lines)
}

// StateError tells that a job is done and the unit nevertheless does not run.
type StateError struct {
	Unit  string
	Job   string
	State State
	// Lines are the unit's last journal lines.
	Lines []string
}

// Error says what systemd says and ends with the unit's last journal lines.
func (e *StateError) Error() string {
	return fmt.Sprintf("cannot %s %s: the unit is %s", e.Job, e.Unit, e.State) + quote(e.Lines)
}

// ErrDisconnected tells that systemd went away, as it does when it executes itself anew,
// while a job ran. What became of the job is unknown; asking again is harmless.
var ErrDisconnected = errors.New("the connection to systemd broke")

func quote(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "; its journal ends with: " + strings.Join(lines, " | ")
}
