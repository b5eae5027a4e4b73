package netns

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

func TestRuleset(t *testing.T) {
	got := ruleset([]cut{{"pg1", "pg2"}, {"pg2", "pg1"}, {"pg3", everywhere}, {everywhere, "pg3"}})
	const golden = "testdata/faults.nft"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the rules differ from %s:\n%s", golden, got)
	}
}

func TestPort(t *testing.T) {
	if got := Port("pg1"); got != "p-pg1" {
		t.Errorf("got %s", got)
	}
	long, other := Port("a-machine-with-a-long-name-1"), Port("a-machine-with-a-long-name-2")
	if len(long) > 15 || long == other || !strings.HasPrefix(long, "p-") {
		t.Errorf("long names become %s and %s", long, other)
	}
}

func TestDialRefusesNames(t *testing.T) {
	n := Namespace{Name: "there-is-no-such-namespace"}
	_, err := n.Dial(t.Context(), "tcp", "localhost:80")
	if err == nil || !strings.Contains(err.Error(), "names are not resolved") {
		t.Errorf("got %v", err)
	}
	if _, err := n.Dial(t.Context(), "tcp", "127.0.0.1:80"); err == nil || !strings.Contains(err.Error(), n.Name) {
		t.Errorf("got %v", err)
	}
}
