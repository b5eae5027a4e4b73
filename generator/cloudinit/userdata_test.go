package cloudinit

import (
	"encoding/base64"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// node is a user-data with all that can stand in one.
func node() UserData {
	return UserData{
		Hostname: "pg1", FQDN: "pg1.example.org",
		Files: []File{
			{Path: "/etc/nodeinit/cluster.json", Mode: 0o600, Data: []byte("{\n  \"a\": \"x: y # z\"\n}\n")},
			{Path: "/etc/nodeinit/blob", Mode: 0o640, Data: []byte{0, 0xff, '\r', '\n'}},
		},
		BootCommands: []Command{{"true"}},
		RunCommands:  []Command{{"systemctl", "start", "--no-block", "nodeinit.service"}, {"echo", "a b", "$HOME", "no"}},
	}
}

// networks are the configurations of the goldens and of the tests with cloud-init itself.
func networks() map[string]Network {
	prefix, addr := netip.MustParsePrefix, netip.MustParseAddr
	return map[string]Network{
		"by-mac": {
			MAC: "52:54:00:AA:00:11", Interface: "ignored", Addresses: []netip.Prefix{prefix("10.77.0.11/24")},
			Gateways: []netip.Addr{addr("10.77.0.1")}, Nameservers: []netip.Addr{addr("10.77.0.1")}, Search: []string{"example.org"},
		},
		"by-name":  {Interface: "host0", Addresses: []netip.Prefix{prefix("10.77.0.11/24")}},
		"dual":     {Interface: "eth0", Addresses: []netip.Prefix{prefix("10.77.0.11/24"), prefix("fd00::11/64")}, Gateways: []netip.Addr{addr("fd00::1"), addr("10.77.0.1")}},
		"no-route": {Interface: "eth0", Addresses: []netip.Prefix{prefix("10.77.0.11/24")}, Search: []string{"example.org"}},
	}
}

func TestUserData(t *testing.T) {
	got, err := node().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "user-data", got)
	if got, err = (UserData{Hostname: "pg1"}).Marshal(); err != nil {
		t.Fatal(err)
	}
	golden(t, "user-data-least", got)
}

func TestMetaData(t *testing.T) {
	got, err := MetaData{InstanceID: "1e9-pg1", Hostname: "pg1"}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "meta-data", got)
}

func TestNetworkConfig(t *testing.T) {
	for name, n := range networks() {
		got, err := n.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "network-"+name, got)
	}
}

func TestRefusedNetworks(t *testing.T) {
	one, two := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	for want, n := range map[string]Network{
		"neither a MAC address nor an interface": {},
		"10.0.0.1 and 10.0.0.2 cannot both":      {Interface: "eth0", Gateways: []netip.Addr{one, two}},
	} {
		if _, err := n.Marshal(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// Nothing in a file can break out of its place in the document or arrive changed.
func FuzzFilesArriveUnchanged(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "\n\n", " \n", "a", "a\n", "a\n\n", "\ta\n", "  lead\n", "trail \n", "- x\n", "---\n...\n",
		"{a: [b}", "'\"\\", "yes", "0600", "12:30:45", "null", "~", "#cloud-config\n", "\r\n", "\xff\xfe", "\ufeffx", "\u0085", "\u2028", "\x7f",
		"a\n b\n\n  c\n", "key: |\n  x\n", "!!python/object:x", "&a *a", "%YAML 1.1\n", "é漢😀\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := UserData{Hostname: "pg1", Files: []File{{Path: "/x", Data: data}, {Path: "/y"}}}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := yaml.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		if len(d.WriteFiles) != 2 || d.WriteFiles[1].Path != "/y" {
			t.Fatalf("%d files", len(d.WriteFiles))
		}
		got := []byte(d.WriteFiles[0].Content)
		if d.WriteFiles[0].Encoding == "b64" {
			if got, err = base64.StdEncoding.DecodeString(string(got)); err != nil {
				t.Fatal(err)
			}
		}
		if string(got) != string(data) {
			t.Errorf("%q arrived as %q", data, got)
		}
	})
}
