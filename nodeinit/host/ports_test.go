package host_test

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
)

const (
	tcp4 = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   113        0 1111 1 0 100 0 0 10 0
   1: 0B004D0A:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000   112        0 2222 1 0 100 0 0 10 0
   2: 0B004D0A:1F48 0C004D0A:9C40 01 00000000:00000000 00:00000000 00000000   112        0 3333 1 0 100 0 0 10 0
`
	tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1920 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4444 1 0 100 0 0 10 0
   1: 0000000000000000FFFF00000C004D0A:1921 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5555 1 0 100 0 0 10 0
`
)

// procs is a /proc with two listeners that can be seen and one that cannot.
func procs(t *testing.T) *host.Host {
	t.Helper()
	h, _ := hosttest.New(t, map[string]string{
		"/proc/net/tcp": tcp4, "/proc/net/tcp6": tcp6,
		"/proc/812/comm": "etcd\n", "/proc/812/cgroup": "0::/system.slice/etcd.service\n", "/proc/812/fd/x": "",
		"/proc/7/comm": "python3\n", "/proc/7/fd/x": "",
		"/proc/7/cgroup": "12:memory:/system.slice/wrong.service\n1:name=systemd:/user.slice/session-1.scope/sub\n",
		"/proc/self/x":   "",
	})
	for fd, inode := range map[string]string{"/proc/812/fd/3": "2222", "/proc/7/fd/9": "4444"} {
		if err := os.Symlink("socket:["+inode+"]", h.Path(fd)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func TestPortHolder(t *testing.T) {
	h := procs(t)
	tests := []struct {
		address string
		port    int
		want    string
	}{
		{"10.77.0.11", 2379, "etcd (process 812 of etcd.service)"},
		{"", 2379, "etcd (process 812 of etcd.service)"},
		{"0.0.0.0", 2379, "etcd (process 812 of etcd.service)"},
		{"127.0.0.1", 2379, ""},
		{"10.77.0.11", 5432, ""}, // only 127.0.0.1 has it
		{"127.0.0.1", 5432, "an unknown process"},
		{"10.77.0.11", 8008, ""},                                       // a connection, not a listener
		{"10.77.0.11", 6432, "python3 (process 7 of session-1.scope)"}, // the IPv6 wildcard
		{"10.77.0.12", 6433, "an unknown process"},                     // an IPv4 address on an IPv6 socket
		{"10.77.0.11", 9999, ""},
	}
	for _, tt := range tests {
		got, taken, err := h.PortHolder(tt.address, tt.port)
		text := ""
		if taken {
			text = got.String()
		}
		if err != nil || text != tt.want {
			t.Errorf("%s:%d: %q, %v, want %q", tt.address, tt.port, text, err, tt.want)
		}
	}
	if _, _, err := h.PortHolder("localhost", 1); err == nil {
		t.Error("a name was taken for an address")
	}
}

func TestPortHolderOfThisProcess(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got, taken, err := host.New().PortHolder("127.0.0.1", l.Addr().(*net.TCPAddr).Port)
	if err != nil || !taken || got.PID != os.Getpid() || !strings.HasPrefix(got.Name, "host.test") {
		t.Errorf("%+v, %v", got, err)
	}
}
