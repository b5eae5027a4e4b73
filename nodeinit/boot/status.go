package boot

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/sequence"
)

// StatusFile is where the daemon keeps its status for people and programs.
const StatusFile = "/run/nodeinit/status.json"

// StatusFormat is the version of the status document.
const StatusFormat = 1

// The phases of a machine.
const (
	PhaseWaiting = "waiting for spec"
	PhaseRefused = "spec refused"
	PhaseBooting = "booting"
	PhaseHealthy = "healthy"
	PhaseSick    = "unhealthy"
	PhaseBlocked = "blocked"
)

// Status is the document in StatusFile.
type Status struct {
	Format  int    `json:"format"`
	Version string `json:"version"`
	Cluster string `json:"cluster,omitempty"`
	Node    string `json:"node,omitempty"`
	Phase   string `json:"phase"`
	// Reason and Remedy say what the phase waits for or fails on, and what to do.
	Reason string    `json:"reason,omitempty"`
	Remedy string    `json:"remedy,omitempty"`
	Since  time.Time `json:"since"`
	// Warnings hold for the whole run, as what this version cannot protect from.
	Warnings []string          `json:"warnings,omitempty"`
	Steps    []sequence.Status `json:"steps,omitempty"`
	// Checks are the latest results of verify after the bring-up.
	Checks []Result `json:"checks,omitempty"`
}

// ReadStatus reads the daemon's status document.
func ReadStatus(read func(string) ([]byte, error)) (Status, error) {
	data, err := read(StatusFile)
	if err != nil {
		return Status{}, fmt.Errorf("cannot read status (is nodeinit.service running?): %w", err)
	}
	var s Status
	if err := json.Unmarshal(data, &s); err != nil {
		return Status{}, fmt.Errorf("cannot read %s: %w", StatusFile, err)
	}
	if s.Format != StatusFormat {
		return Status{}, fmt.Errorf("cannot read %s: it has format %d, this nodeinit understands %d", StatusFile, s.Format, StatusFormat)
	}
	return s, nil
}
