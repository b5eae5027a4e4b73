package nspawn

import "fmt"

// adaptations are files on every machine's disk that make up for what a container is not.
// They belong to this backend, not to the images: a virtual machine needs none of them.
var adaptations = map[string]string{
	// netplan renders "match: {macaddress}" as PermanentMACAddress=, and the kernel knows a
	// permanent address of hardware only: a veth pair has none, so networkd would leave the
	// interface alone and the boot would wait for the network for ever. MACAddress= means
	// the current address. The plus sign runs the command outside of networkd's sandbox; the
	// hyphen is for a machine that has no such file.
	"/etc/systemd/system/systemd-networkd.service.d/pgcgen-lab.conf": `[Service]
ExecStartPre=-+/bin/sh -c 'sed -i s/^PermanentMACAddress=/MACAddress=/ /run/systemd/network/*.network'
`,
}

func (m *Machine) adapt() error {
	for path, text := range adaptations {
		if err := m.WriteFile(path, []byte(text), 0o644); err != nil {
			return fmt.Errorf("cannot prepare the disk of %s: %w", m.cfg.Name, err)
		}
	}
	return nil
}
