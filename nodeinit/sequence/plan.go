package sequence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// validate reports everything that is wrong with a plan at once.
func validate(steps []Step) error {
	byName := make(map[string]Step, len(steps))
	var errs []error
	for i, step := range steps {
		switch _, repeated := byName[step.Name]; {
		case step.Name == "":
			errs = append(errs, fmt.Errorf("step %d has no name", i))
		case step.Run == nil:
			errs = append(errs, fmt.Errorf("step %s has nothing to run", step.Name))
		case repeated:
			errs = append(errs, fmt.Errorf("step %s appears twice", step.Name))
		}
		byName[step.Name] = step
	}
	for _, step := range steps {
		for _, name := range step.After {
			if _, known := byName[name]; !known {
				errs = append(errs, fmt.Errorf("step %s comes after %s, which is not in the plan", step.Name, name))
			}
		}
	}
	if circle := findCircle(steps, byName); circle != nil {
		errs = append(errs, fmt.Errorf("steps wait for each other: %s", strings.Join(circle, " after ")))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("cannot use the plan: %w", err)
	}
	return nil
}

// findCircle returns the names along one circle of After, its first name repeated at the
// end, or nil.
func findCircle(steps []Step, byName map[string]Step) []string {
	cleared := make(map[string]bool, len(steps))
	var path []string
	var visit func(string) []string
	visit = func(name string) []string {
		if at := slices.Index(path, name); at >= 0 {
			return append(slices.Clone(path[at:]), name)
		}
		if cleared[name] {
			return nil
		}
		path = append(path, name)
		for _, next := range byName[name].After {
			if circle := visit(next); circle != nil {
				return circle
			}
		}
		path = path[:len(path)-1]
		cleared[name] = true
		return nil
	}
	for _, step := range steps {
		if circle := visit(step.Name); circle != nil {
			return circle
		}
	}
	return nil
}

// skippable names the steps that need not run again: recorded ones whose whole past is
// recorded too. A step that is new in the plan thereby runs again with all that follows
// it. Steps that always run prove nothing about the past and are looked through.
func skippable(steps []Step, recorded func(string) bool) map[string]bool {
	byName := make(map[string]Step, len(steps))
	for _, step := range steps {
		byName[step.Name] = step
	}
	settled := make(map[string]bool, len(steps))
	var visit func(string) bool
	visit = func(name string) bool {
		if known, ok := settled[name]; ok {
			return known
		}
		step := byName[name]
		holds := step.Always || recorded(name)
		for _, earlier := range step.After {
			holds = visit(earlier) && holds
		}
		settled[name] = holds
		return holds
	}
	skip := make(map[string]bool, len(steps))
	for _, step := range steps {
		if visit(step.Name) && !step.Always {
			skip[step.Name] = true
		}
	}
	return skip
}
