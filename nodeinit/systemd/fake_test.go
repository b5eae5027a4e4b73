package systemd

import (
	"context"
	"sync"

	"github.com/coreos/go-systemd/v22/dbus"
)

// fakeBus is a connection that answers as told.
type fakeBus struct {
	mu sync.Mutex
	// calls lists what was asked, except for properties.
	calls []string
	// results are the job results per verb; a verb without one never ends.
	results map[string]string
	// refusals are errors per call.
	refusals map[string]error
	// properties are a unit's, one per look; the last one stays.
	properties map[string][]map[string]any
	changes    int
	broken     bool
	lost       chan struct{}
}

func (f *fakeBus) call(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	return f.refusals[name]
}

func (f *fakeBus) job(verb, unit, mode string, result chan<- string) (int, error) {
	if err := f.call(verb + " " + unit + " " + mode); err != nil {
		return 0, err
	}
	if r, ok := f.results[verb]; ok {
		result <- r // as go-systemd does: in its own time, and blocking when nobody takes it
	}
	return 1, nil
}

func (f *fakeBus) StartUnitContext(_ context.Context, unit, mode string, result chan<- string) (int, error) {
	return f.job("start", unit, mode, result)
}

func (f *fakeBus) RestartUnitContext(_ context.Context, unit, mode string, result chan<- string) (int, error) {
	return f.job("restart", unit, mode, result)
}

func (f *fakeBus) ReloadUnitContext(_ context.Context, unit, mode string, result chan<- string) (int, error) {
	return f.job("reload", unit, mode, result)
}

func (f *fakeBus) StopUnitContext(_ context.Context, unit, mode string, result chan<- string) (int, error) {
	return f.job("stop", unit, mode, result)
}

func (f *fakeBus) ResetFailedUnitContext(_ context.Context, unit string) error {
	return f.call("reset-failed " + unit)
}

func (f *fakeBus) EnableUnitFilesContext(_ context.Context, files []string, _, _ bool) (bool, []dbus.EnableUnitFileChange, error) {
	var err error
	for _, file := range files {
		err = f.call("enable " + file)
	}
	return true, make([]dbus.EnableUnitFileChange, f.changes), err
}

func (f *fakeBus) MaskUnitFilesContext(_ context.Context, files []string, runtime, _ bool) ([]dbus.MaskUnitFileChange, error) {
	var err error
	for _, file := range files {
		name := "mask "
		if runtime {
			name = "mask --runtime "
		}
		err = f.call(name + file)
	}
	return make([]dbus.MaskUnitFileChange, f.changes), err
}

func (f *fakeBus) ReloadContext(context.Context) error { return f.call("daemon-reload") }

func (f *fakeBus) GetAllPropertiesContext(_ context.Context, unit string) (map[string]any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.properties[unit]
	if len(list) == 0 {
		return map[string]any{"LoadState": "not-found", "ActiveState": "inactive"}, nil
	}
	if len(list) > 1 {
		f.properties[unit] = list[1:]
	}
	return list[0], nil
}

func (f *fakeBus) Connected() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.broken
}

func (f *fakeBus) Close() {}

func (f *fakeBus) Lost() <-chan struct{} { return f.lost }

// bus is a Bus over fake connections, the next one each time it connects.
func bus(fakes ...*fakeBus) *Bus {
	return &Bus{
		journal: func(context.Context, string, int) ([]string, error) { return []string{"last words"}, nil },
		dial: func(context.Context) (connection, error) {
			next := fakes[0]
			fakes = fakes[1:]
			return next, nil
		},
	}
}

// service are the properties of a service.
func service(active, sub string, more ...any) map[string]any {
	p := map[string]any{
		"LoadState": "loaded", "ActiveState": active, "SubState": sub, "Type": "notify",
		"Result": "success", "ConditionResult": true,
		"ConditionTimestampMonotonic": uint64(1), "InvocationID": []byte{1},
	}
	for i := 0; i < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return p
}
