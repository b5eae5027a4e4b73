// Package fault marks errors with what a person can do about them.
//
// An error's text says what could not be done and why. A remedy says how to repair the
// cause, and a block says that waiting alone will not: both travel in the error's chain, so
// that whoever reports the error can show them apart from its text.
package fault

import "errors"

// WithRemedy attaches what a person can do about err. It returns nil for a nil err.
func WithRemedy(err error, remedy string) error {
	if err == nil {
		return nil
	}
	return &marked{err: err, remedy: remedy}
}

// Blocked marks err as one that trying again does not cure: a person must follow the
// remedy first. It returns nil for a nil err.
func Blocked(err error, remedy string) error {
	if err == nil {
		return nil
	}
	return &marked{err: err, remedy: remedy, blocked: true}
}

// Remedy returns the outermost remedy in err's chain, or "" when nobody knew one.
func Remedy(err error) string {
	var m *marked
	for errors.As(err, &m) {
		if m.remedy != "" {
			return m.remedy
		}
		err = m.err
	}
	return ""
}

// IsBlocked reports whether anything in err's chain needs a person.
func IsBlocked(err error) bool {
	var m *marked
	for errors.As(err, &m) {
		if m.blocked {
			return true
		}
		err = m.err
	}
	return false
}

type marked struct {
	err     error
	remedy  string
	blocked bool
}

func (m *marked) Error() string { return m.err.Error() }

func (m *marked) Unwrap() error { return m.err }
