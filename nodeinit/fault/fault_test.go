package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
)

func TestMarksTravelInTheChain(t *testing.T) {
	cause := errors.New("disk full")
	tests := map[string]struct {
		err     error
		remedy  string
		blocked bool
	}{
		"plain":                  {cause, "", false},
		"remedy":                 {fault.WithRemedy(cause, "free space"), "free space", false},
		"wrapped remedy":         {fmt.Errorf("cannot write: %w", fault.WithRemedy(cause, "free space")), "free space", false},
		"blocked":                {fault.Blocked(cause, "replace the disk"), "replace the disk", true},
		"block below a remedy":   {fault.WithRemedy(fault.Blocked(cause, "inner"), "outer"), "outer", true},
		"block without a remedy": {fault.Blocked(fault.WithRemedy(cause, "inner"), ""), "inner", true},
		"joined":                 {errors.Join(errors.New("other"), fault.Blocked(cause, "replace the disk")), "replace the disk", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fault.Remedy(tt.err); got != tt.remedy {
				t.Errorf("Remedy = %q, want %q", got, tt.remedy)
			}
			if got := fault.IsBlocked(tt.err); got != tt.blocked {
				t.Errorf("IsBlocked = %v, want %v", got, tt.blocked)
			}
			if !errors.Is(tt.err, cause) {
				t.Error("the cause is lost")
			}
		})
	}
}

func TestNilStaysNil(t *testing.T) {
	if fault.WithRemedy(nil, "x") != nil || fault.Blocked(nil, "x") != nil {
		t.Error("marking nil made an error")
	}
}
