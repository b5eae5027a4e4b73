package systemd

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"
)

// State is what systemd says about a unit: org.freedesktop.systemd1(5), in its own words.
type State struct {
	Unit string
	// LoadState is "loaded", "not-found", "masked", "bad-setting" or "error".
	LoadState string
	// ActiveState is "active", "reloading", "inactive", "failed", "activating",
	// "deactivating", "maintenance" or "refreshing".
	ActiveState string
	// SubState refines it by the unit's type: "running", "auto-restart", "dead".
	SubState string
	// UnitFileState is "enabled", "disabled", "static", "masked" or empty.
	UnitFileState string
	// Type is a service's Type=: "notify", "oneshot".
	Type string
	// Result is how a service ended last: "success", "exit-code", "signal", "timeout".
	Result string
	// ExecMainStatus is the main process's last exit status or signal.
	ExecMainStatus int32
	// ConditionResult is false when the unit was not started because a Condition did not
	// hold. It means nothing unless ConditionChecked: systemd forgets inactive units that no
	// loaded unit refers to.
	ConditionResult, ConditionChecked bool
	// FailedConditions are those that did not hold: "ConditionPathExists=/x".
	FailedConditions []string
	// NRestarts counts automatic restarts since the last start that was asked for.
	NRestarts uint32
	MainPID   uint32
	// InvocationID changes with every start; empty before the first.
	InvocationID string
	// NeedDaemonReload tells that the unit's file changed after systemd read it.
	NeedDaemonReload bool
	// Requirements are the units this one cannot run without.
	Requirements []string
}

// Active reports whether the unit runs.
func (s State) Active() bool {
	return s.ActiveState == "active" || s.ActiveState == "reloading" || s.ActiveState == "refreshing"
}

// started reports whether a start has had its effect. Services that end by themselves have
// done so when they are inactive again without a failure, if systemd remembers it.
func (s State) started() bool {
	ended := s.Type == "oneshot" && s.ActiveState == "inactive" && s.ConditionChecked && s.ConditionResult && s.Result == "success"
	return s.Active() || ended
}

// String tells why a unit does not run, or that it does.
func (s State) String() string {
	switch {
	case s.LoadState != "loaded" && s.LoadState != "":
		return "its unit file is " + s.LoadState
	case s.ActiveState == "inactive" && s.ConditionChecked && !s.ConditionResult:
		return "not started because " + cmp.Or(strings.Join(s.FailedConditions, " and "), "a condition") + " does not hold"
	}
	text := fmt.Sprintf("%s (%s)", s.ActiveState, s.SubState)
	if s.Result != "" && s.Result != "success" {
		text += fmt.Sprintf(", it ended with %s, status %d", s.Result, s.ExecMainStatus)
	}
	if s.NRestarts > 0 {
		text += fmt.Sprintf(", restarted %d times", s.NRestarts)
	}
	return text
}

// stateOf reads the properties of a unit and its type. A property that the unit's type
// lacks is zero.
func stateOf(unit string, p map[string]any) State {
	return State{
		Unit:             unit,
		LoadState:        property[string](p, "LoadState"),
		ActiveState:      property[string](p, "ActiveState"),
		SubState:         property[string](p, "SubState"),
		UnitFileState:    property[string](p, "UnitFileState"),
		Type:             property[string](p, "Type"),
		Result:           property[string](p, "Result"),
		ExecMainStatus:   property[int32](p, "ExecMainStatus"),
		ConditionResult:  property[bool](p, "ConditionResult"),
		ConditionChecked: property[uint64](p, "ConditionTimestampMonotonic") > 0,
		FailedConditions: failedConditions(property[[][]any](p, "Conditions")),
		NRestarts:        property[uint32](p, "NRestarts"),
		MainPID:          property[uint32](p, "MainPID"),
		InvocationID:     hex.EncodeToString(property[[]byte](p, "InvocationID")),
		NeedDaemonReload: property[bool](p, "NeedDaemonReload"),
		Requirements: append(append(property[[]string](p, "Requires"),
			property[[]string](p, "Requisite")...), property[[]string](p, "BindsTo")...),
	}
}

func property[T any](p map[string]any, name string) T {
	value, _ := p[name].(T)
	return value
}

// failedConditions reads the property Conditions, a(sbbsi): type, whether it is one of
// several of which one must hold, whether it is negated, parameter, result. A negative
// result did not hold.
func failedConditions(conditions [][]any) []string {
	var failed []string
	for _, c := range conditions {
		if len(c) != 5 {
			continue
		}
		kind, _ := c[0].(string)
		trigger, _ := c[1].(bool)
		negated, _ := c[2].(bool)
		parameter, _ := c[3].(string)
		if result, _ := c[4].(int32); result >= 0 {
			continue
		}
		text := kind + "="
		if trigger {
			text += "|"
		}
		if negated {
			text += "!"
		}
		failed = append(failed, text+parameter)
	}
	return failed
}
