package sequence_test

import (
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/sequence"
)

func TestPlanIsValidated(t *testing.T) {
	var tr trace
	tests := map[string]struct {
		steps []sequence.Step
		want  []string
	}{
		"no name":         {[]sequence.Step{tr.step("")}, []string{"step 0 has no name"}},
		"nothing to run":  {[]sequence.Step{{Name: "a"}}, []string{"step a has nothing to run"}},
		"twice":           {[]sequence.Step{tr.step("a"), tr.step("a")}, []string{"step a appears twice"}},
		"unknown":         {[]sequence.Step{tr.step("a", "b")}, []string{"step a comes after b, which is not in the plan"}},
		"itself":          {[]sequence.Step{tr.step("a", "a")}, []string{"wait for each other: a after a"}},
		"circle":          {[]sequence.Step{tr.step("x", "a"), tr.step("a", "b"), tr.step("b", "c"), tr.step("c", "a")}, []string{"a after b after c after a"}},
		"all at once":     {[]sequence.Step{tr.step("a", "b"), {Name: "c"}}, []string{"comes after b", "c has nothing"}},
		"diamond is fine": {[]sequence.Step{tr.step("a"), tr.step("b", "a"), tr.step("c", "a"), tr.step("d", "b", "c")}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := sequence.New(tt.steps, sequence.Options{Store: &memory{}})
			if len(tt.want) == 0 && err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("New: %v, want %q in it", err, want)
				}
			}
		})
	}
}
