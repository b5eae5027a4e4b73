package pgcgen_test

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/pgcgen/pgcgen/"

// importRules are the directions in which packages may know one another. Each names what
// must not be reached, also through others, and why.
var importRules = []struct {
	from   string
	never  []string
	reason string
}{
	{"templates/...", []string{module + "nodeinit", module + "generator", module + "lab", module + "packaging"},
		"the stack is data that the agent and the generator both use; it may know neither"},
	{"nodeinit/...", []string{module + "generator", module + "packaging", module + "packer", module + "lab"},
		"the agent runs on production machines: nothing that builds artifacts belongs there"},
	{"nodeinit/spec", []string{module + "nodeinit/boot", module + "nodeinit/host", module + "nodeinit/systemd"},
		"the contract must be usable without the agent"},
	{"nodeinit/sequence", []string{module + "templates", module + "nodeinit/host"},
		"the step engine knows nothing of PostgreSQL"},
	{"generator/...", []string{module + "nodeinit/boot", module + "lab"},
		"the generator makes artifacts; it never acts on a machine"},
	{"lab/...", []string{module + "nodeinit/boot"},
		"the lab judges machines from outside"},
	{"cmd/nodeinit", []string{"github.com/goreleaser/nfpm", "github.com/hashicorp/packer-plugin-sdk", module + "lab", module + "generator", module + "packaging"},
		"the agent must stay small and offline"},
}

func TestImportRules(t *testing.T) {
	for _, rule := range importRules {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./"+rule.from).Output()
		if err != nil {
			t.Errorf("cannot list what %s imports: %v", rule.from, err)
			continue
		}
		for path := range strings.Lines(string(out)) {
			for _, banned := range rule.never {
				if strings.HasPrefix(strings.TrimSpace(path), banned) && !strings.HasPrefix(banned, module+strings.TrimSuffix(rule.from, "/...")) {
					t.Errorf("%s reaches %s: %s", rule.from, strings.TrimSpace(path), rule.reason)
				}
			}
		}
	}
}
