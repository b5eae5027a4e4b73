// Package cloudinit renders what a machine reads on its first boot: user-data, meta-data
// and network configuration for cloud-init 22.4 and newer, and the NoCloud image that
// carries them. All of it is marshalled from structs, so that no value can break out of
// its place, and is the same bytes for the same input.
package cloudinit

import (
	"encoding/base64"
	"fmt"
	"io/fs"

	"gopkg.in/yaml.v3"
)

// UserData is what a node's cloud-config says beyond the fixed settings in document.
type UserData struct {
	// Hostname is the short name, FQDN the full one; FQDN may be empty.
	Hostname, FQDN string
	// Files are written in their order, before any command runs.
	Files []File
	// BootCommands run early on every boot, before Files are written.
	BootCommands []Command
	// RunCommands run once, last in the first boot. One that waits for cloud-init, or
	// starts a unit ordered after it, waits for itself for ever.
	RunCommands []Command
}

// File is a file for write_files. It belongs to root: other users may not exist yet when
// cloud-init writes.
type File struct {
	Path string
	Mode fs.FileMode
	Data []byte
}

// Command is an argument list; no shell reads it.
type Command []string

// document is the cloud-config. The fixed settings make no user and no way in, and leave
// out work that a database node does not need.
type document struct {
	Hostname         string `yaml:"hostname"`
	FQDN             string `yaml:"fqdn,omitempty"`
	PreferFQDN       bool   `yaml:"prefer_fqdn_over_hostname"`
	PreserveHostname bool   `yaml:"preserve_hostname"`
	ManageEtcHosts   bool   `yaml:"manage_etc_hosts"`
	// Locale is the text "false": the module fails where the package locales is missing,
	// and the schema of 22.4 takes no boolean.
	Locale string `yaml:"locale"`
	// Users holds one empty list, which makes no user. The schema of 22.4 refuses an empty
	// list, 25.1 warns of a dictionary, and nothing at all means the image's default user.
	Users          [][]string `yaml:"users,flow"`
	SSHPasswords   bool       `yaml:"ssh_pwauth"`
	DisableRoot    bool       `yaml:"disable_root"`
	SSHDeleteKeys  bool       `yaml:"ssh_deletekeys"`
	SSHKeyTypes    []string   `yaml:"ssh_genkeytypes,flow"`
	NoFingerprints bool       `yaml:"no_ssh_fingerprints"`
	SSH            console    `yaml:"ssh,flow"`
	BootCommands   []Command  `yaml:"bootcmd,omitempty"`
	WriteFiles     []entry    `yaml:"write_files,omitempty"`
	RunCommands    []Command  `yaml:"runcmd,omitempty"`
}

type console struct {
	EmitKeys bool `yaml:"emit_keys_to_console"`
}

type entry struct {
	Path        string `yaml:"path"`
	Owner       string `yaml:"owner"`
	Permissions string `yaml:"permissions"`
	Encoding    string `yaml:"encoding,omitempty"`
	Content     text   `yaml:"content"`
}

// Marshal renders the cloud-config.
func (u UserData) Marshal() ([]byte, error) {
	d := document{
		Hostname:      u.Hostname,
		FQDN:          u.FQDN,
		Locale:        "false",
		Users:         [][]string{{}},
		DisableRoot:   true,
		SSHDeleteKeys: true,
		SSHKeyTypes:   []string{"ed25519"},

		NoFingerprints: true,
		BootCommands:   u.BootCommands,
		RunCommands:    u.RunCommands,
	}
	for _, f := range u.Files {
		d.WriteFiles = append(d.WriteFiles, f.entry())
	}
	data, err := marshal(d)
	if err != nil {
		return nil, fmt.Errorf("cannot write user-data of %s: %w", u.Hostname, err)
	}
	return append([]byte("#cloud-config\n"), data...), nil
}

// MarshalYAML renders a command on one line.
func (c Command) MarshalYAML() (any, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, argument := range c {
		node.Content = append(node.Content, text(argument).node())
	}
	return node, nil
}

// entry keeps text as text: compressed as a whole, it is smaller than text in base64.
func (f File) entry() entry {
	e := entry{Path: f.Path, Owner: "root:root", Permissions: fmt.Sprintf("%04o", f.Mode.Perm())}
	if isText(f.Data) {
		e.Content = text(f.Data)
		return e
	}
	e.Encoding, e.Content = "b64", text(base64.StdEncoding.EncodeToString(f.Data))
	return e
}
