package component

import (
	"fmt"
	"strings"
)

// UnitFile is a systemd unit as data: sections of settings, in order.
type UnitFile []Section

// Section is one [Section] of a unit file.
type Section struct {
	Name     string
	Settings []Setting
}

// Setting is one Key=Value line. Repeating a key is how systemd builds lists.
type Setting struct{ Key, Value string }

// Render writes the unit file. A value that would end its line is refused: it could add
// settings of its own.
func (u UnitFile) Render() ([]byte, error) {
	var b strings.Builder
	b.WriteString("# Written by nodeinit from the cluster's spec; changes are overwritten.\n")
	for _, s := range u {
		fmt.Fprintf(&b, "\n[%s]\n", s.Name)
		for _, line := range s.Settings {
			if strings.ContainsAny(line.Key+line.Value, "\n\r\x00") {
				return nil, fmt.Errorf("cannot render unit: %s has a value with a line break", line.Key)
			}
			fmt.Fprintf(&b, "%s=%s\n", line.Key, line.Value)
		}
	}
	return []byte(b.String()), nil
}

// Sandbox is what every service of ours is confined with; each adds what it needs. The
// settings are systemd.exec(5)'s, the aim is a low `systemd-analyze security` score.
func Sandbox() []Setting {
	return []Setting{
		{"NoNewPrivileges", "yes"},
		{"ProtectSystem", "strict"},
		{"ProtectHome", "yes"},
		{"PrivateTmp", "yes"},
		{"ProtectProc", "invisible"},
		{"ProtectKernelTunables", "yes"},
		{"ProtectKernelModules", "yes"},
		{"ProtectKernelLogs", "yes"},
		{"ProtectControlGroups", "yes"},
		{"ProtectClock", "yes"},
		{"ProtectHostname", "yes"},
		{"RestrictNamespaces", "yes"},
		{"RestrictRealtime", "yes"},
		{"RestrictSUIDSGID", "yes"},
		{"LockPersonality", "yes"},
		{"RemoveIPC", "no"},
		{"SystemCallArchitectures", "native"},
		{"UMask", "0077"},
	}
}

// Service renders one service that is wanted by multi-user.target, comes after what it
// names, is restarted without limit, and is sandboxed.
func Service(name, description, after string, change Change, service []Setting) ([]Unit, error) {
	data, err := UnitFile{
		{Name: "Unit", Settings: []Setting{{"Description", description}, {"After", after}, {"StartLimitIntervalSec", "0"}}},
		{Name: "Service", Settings: append(service, Sandbox()...)},
		{Name: "Install", Settings: []Setting{{"WantedBy", "multi-user.target"}}},
	}.Render()
	if err != nil {
		return nil, err
	}
	return []Unit{{Name: name, Content: data, Change: change}}, nil
}
