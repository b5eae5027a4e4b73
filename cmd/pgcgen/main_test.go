package main

import (
	"errors"
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pgcgen": func() { os.Exit(run(stub)) },
		// As built by "go build" alone, without nodeinit inside.
		"pgcgen-bare": func() { os.Exit(run(missing)) },
		"json":        tool(printField),
		"iso":         tool(readDisc),
	})
}

// stub stands for nodeinit: packages are built of anything.
func stub(arch string) ([]byte, error) { return []byte("nodeinit for " + arch + "\n"), nil }

func missing(arch string) ([]byte, error) {
	return nil, errors.New("cannot package nodeinit for " + arch + ": this pgcgen was built without it")
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			example, err := os.ReadFile("../../examples/ha-3/inventory.yaml")
			if err != nil {
				return err
			}
			return os.WriteFile(e.WorkDir+"/ha-3.yaml", example, 0o600)
		},
	})
}
