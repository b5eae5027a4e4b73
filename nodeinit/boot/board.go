package boot

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/membership"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/nodeinit/systemd"
	"github.com/pgcgen/pgcgen/templates/component"
)

// board tells everyone how far the machine is: the status file, the log, the console and
// systemd's STATUS.
type board struct {
	*Agent
	mu     sync.Mutex
	status Status
	seq    *sequence.Sequence
	ready  bool
}

func newBoard(a *Agent) *board {
	b := &board{Agent: a}
	b.status = Status{Format: StatusFormat, Version: a.Version, Phase: PhaseWaiting, Since: a.Now()}
	return b
}

// waitingForSpec is called at every look; only news are told.
func (b *board) waitingForSpec(err error) { b.phase(PhaseWaiting, err.Error(), "") }

func (b *board) refused(err error) {
	b.phase(PhaseRefused, err.Error(), "attach the seed that pgcgen built for this machine")
}

func (b *board) begin(u *bringUp, seq *sequence.Sequence) {
	b.mu.Lock()
	b.status.Cluster, b.status.Node = u.spec.Cluster.Name, u.self.Name
	b.status.Warnings = []string{membership.Warning}
	b.seq = seq
	b.mu.Unlock()
	b.phase(PhaseBooting, "", "")
	resumed := seq.Resumed()
	b.Log.Info("bring-up begins", "cluster", u.spec.Cluster.Name, "node", u.self.Name, "spec", u.spec.Digest[:12], "recorded_steps", resumed.Recorded)
	if resumed.Damage != nil {
		b.Log.Warn("journal is damaged", "error", resumed.Damage)
	}
}

// observe is told every change of a step.
func (b *board) observe(e sequence.Event) {
	line := fmt.Sprintf("[%d/%d] %s: %s", e.Done, e.Total, e.Step, e.State)
	if e.Reason != "" {
		line += ": " + e.Reason
	}
	systemd.NotifyStatus(line)
	switch e.State {
	case sequence.Done:
		b.Log.Info("step done", "step", e.Step, "took", e.Took.Round(time.Millisecond), "recorded", e.Recorded)
		b.Console(fmt.Sprintf("nodeinit [%d/%d] %s (%s)", e.Done, e.Total, e.Title, e.Took.Round(100*time.Millisecond)))
	case sequence.Failed, sequence.Blocked:
		b.Log.Error("step "+string(e.State), "step", e.Step, "reason", e.Reason, "remedy", e.Remedy, "attempt", e.Attempt)
		b.Console(fmt.Sprintf("nodeinit %s %s: %s", e.Step, e.State, e.Reason))
	case sequence.Waiting:
		b.Log.Info("step waits", "step", e.Step, "reason", e.Reason)
	}
	b.stepPhase(e)
}

// stepPhase lets one blocked step block the machine's phase until it moves again.
func (b *board) stepPhase(e sequence.Event) {
	b.mu.Lock()
	blocked := b.status.Phase == PhaseBlocked
	b.mu.Unlock()
	switch {
	case e.State == sequence.Blocked:
		b.phase(PhaseBlocked, e.Step+": "+e.Reason, e.Remedy)
	case blocked && e.State == sequence.Done:
		b.phase(PhaseBooting, "", "")
	default:
		b.write()
	}
}

func (b *board) healthy() { b.phase(PhaseHealthy, "", "") }

// checked publishes the results of a later verification.
func (b *board) checked(results []Result) {
	b.mu.Lock()
	b.status.Checks = results
	b.mu.Unlock()
	if err := failed(results); err != nil {
		b.phase(PhaseSick, err.Error(), "see the reasons above; nodeinit verify looks again")
		return
	}
	b.phase(PhaseHealthy, "", "")
}

// phase changes the machine's phase; repeating it is no news.
func (b *board) phase(phase, reason, remedy string) {
	b.mu.Lock()
	same := b.ready && b.status.Phase == phase && b.status.Reason == reason
	if b.status.Phase != phase {
		b.status.Since = b.Now()
	}
	b.status.Phase, b.status.Reason, b.status.Remedy = phase, reason, remedy
	b.mu.Unlock()
	if same {
		return
	}
	b.write()
	if !b.ready {
		b.ready = true
		systemd.NotifyReady()
	}
	b.Log.Info("phase", "phase", phase, "reason", reason)
	if phase != PhaseBooting {
		systemd.NotifyStatus(phase + " " + reason)
	}
	if phase == PhaseHealthy {
		b.Console("nodeinit: the cluster is healthy as seen from here")
	}
}

func (b *board) write() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seq != nil {
		b.status.Steps = b.seq.Snapshot()
	}
	data, err := json.MarshalIndent(b.status, "", "  ")
	if err == nil {
		_, err = b.Host.WriteFile(component.File{Path: StatusFile, Mode: 0o644, Data: append(data, '\n')})
	}
	if err != nil {
		b.Log.Error("cannot write status", "error", err)
	}
}

func (b *board) close() { systemd.NotifyStopping() }
