package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pgcgen/pgcgen/lab/nspawn"
)

// Machine is a computer on the lab's network: what a test may do to it, and nothing about
// how it is emulated.
type Machine interface {
	// Name is the machine's name in the lab; faults take it.
	Name() string
	// Seed inserts the NoCloud disc of a node's folder, out/nodes/<node>.
	Seed(dir string) error
	// PowerOn starts the machine and returns long before it is booted.
	PowerOn(ctx context.Context) error
	// PowerCut pulls the plug and returns when the machine is gone.
	PowerCut(ctx context.Context) error
	// Shutdown asks the machine to power off and returns when it has.
	Shutdown(ctx context.Context) error
	// Wipe pulls the plug and replaces the disk by an empty one, without a seed.
	Wipe(ctx context.Context) error
	// Running reports whether the machine is on.
	Running() bool
	// Exec runs a command as root; its failure is in the result, not the error.
	Exec(ctx context.Context, argv ...string) (Output, error)
	// Logs returns the journal as journalctl(1) prints it, also of a machine that is off.
	Logs(ctx context.Context, args ...string) (string, error)
	// ReadFile and WriteFile reach into the machine, on or off.
	ReadFile(path string) ([]byte, error)
	WriteFile(path string, data []byte, mode fs.FileMode) error
	// Console is the file that collects the console's output.
	Console() string
}

// Output is what a command in a machine left behind.
type Output = nspawn.Output

// cloudPoll is how often WaitCloudInit looks for the result.
const cloudPoll = 100 * time.Millisecond

// cloudResult is where cloud-init writes, as the last thing of a boot, what went wrong
// (docs.cloud-init.io, "result.json").
const cloudResult = "/run/cloud-init/result.json"

// WaitCloudInit returns when cloud-init has finished this boot of a machine, with an error
// when it reports any.
func WaitCloudInit(ctx context.Context, m Machine) error {
	tick := time.NewTicker(cloudPoll)
	defer tick.Stop()
	for {
		data, err := m.ReadFile(cloudResult)
		switch {
		case err == nil:
			return cloudErrors(m.Name(), data)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		case !m.Running():
			return fmt.Errorf("cannot wait for cloud-init in %s: the machine is off; its console is %s", m.Name(), m.Console())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cloud-init in %s has not finished: %w; the console is %s", m.Name(), context.Cause(ctx), m.Console())
		case <-tick.C:
		}
	}
}

func cloudErrors(name string, data []byte) error {
	var result struct {
		V1 struct {
			Errors []string `json:"errors"`
		} `json:"v1"`
	}
	if err := json.Unmarshal(data, &result); err != nil {
		return fmt.Errorf("cannot read cloud-init's result in %s: %w", name, err)
	}
	if len(result.V1.Errors) > 0 {
		return fmt.Errorf("cloud-init in %s failed: %s", name, strings.Join(result.V1.Errors, "; "))
	}
	return nil
}
