package packages_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
	"github.com/pgcgen/pgcgen/nodeinit/packages"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// debian is a machine whose dpkg knows some packages.
func debian(t *testing.T) (packages.Installer, *host.Host, *hosttest.Runner) {
	t.Helper()
	h, runner := hosttest.New(t, nil)
	p, err := platform.Find("debian-13", platform.LayoutDistro)
	if err != nil {
		t.Fatal(err)
	}
	installer, err := packages.New(p, h)
	if err != nil {
		t.Fatal(err)
	}
	const known = "ii \tetcd-server\t3.4.23-4+b4\nhi \thaproxy\t2.6.12-1+deb12u2\n" +
		"rc \tpatroni\t4.0.4-7\niF \tkeepalived\t1:2.3.3-1\niU \tpgbouncer\t1.24.1-1\niiR\tbroken\t1-1\nun \tghost\t\n"
	runner.On("dpkg-query *", func(c host.Command) (host.Result, error) {
		var out strings.Builder
		for line := range strings.Lines(known) {
			if slices.Contains(c.Argv, strings.Split(line, "\t")[1]) {
				out.WriteString(line)
			}
		}
		result := host.Result{Stdout: []byte(out.String()), Code: 1}
		return result, &host.ExitError{Argv: c.Argv, Code: 1, Last: "dpkg-query: no packages found matching x"}
	})
	return installer, h, runner
}

func TestMissingAreThoseNotInstalledAndConfigured(t *testing.T) {
	in, _, runner := debian(t)
	names := []string{"pgbouncer", "etcd-server", "patroni", "haproxy", "keepalived", "unknown", "broken", "ghost"}
	got, err := in.Missing(t.Context(), names)
	want := []string{"pgbouncer", "patroni", "keepalived", "unknown", "broken", "ghost"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if got, err := in.Missing(t.Context(), nil); got != nil || err != nil {
		t.Errorf("of none: %v, %v", got, err)
	}
	runner.On("dpkg-query *", hosttest.Fails(2, "dpkg-query: error: cannot open status"))
	if _, err := in.Missing(t.Context(), names); err == nil || !strings.Contains(err.Error(), "cannot open status") {
		t.Errorf("with a broken database: %v", err)
	}
}

func TestVersionIsUpstreams(t *testing.T) {
	for full, want := range map[string]string{
		"3.4.23-4+b4": "3.4.23", "1:2.3.3-1": "2.3.3", "17.12-0+deb13u1": "17.12", "4.0.7": "4.0.7",
		"3.5.16+dfsg1-4": "3.5.16", "1.24.1~rc1-1.pgdg13+1": "1.24.1", "1:1.0-2-3": "1.0-2",
	} {
		in, _, runner := debian(t)
		runner.On("dpkg-query *", hosttest.Says("ii \tx\t"+full+"\n"))
		if got, err := in.Version(t.Context(), "x"); got != want || err != nil {
			t.Errorf("%s: %q, %v", full, got, err)
		}
	}
	in, _, _ := debian(t)
	for _, name := range []string{"patroni", "unknown"} {
		if got, err := in.Version(t.Context(), name); got != "" || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestInstall(t *testing.T) {
	in, h, runner := debian(t)
	var told []string
	runner.On("apt-get *", func(c host.Command) (host.Result, error) {
		for _, env := range []string{"DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1", "NEEDRESTART_SUSPEND=1"} {
			if !slices.Contains(c.Env, env) {
				t.Errorf("%v without %s", c.Argv, env)
			}
		}
		if data, err := h.ReadFile("/etc/postgresql-common/createcluster.d/nodeinit.conf"); err != nil || !strings.Contains(string(data), "\ncreate_main_cluster = false\n") {
			t.Errorf("before %v: %q, %v", c.Argv, data, err)
		}
		for _, part := range []string{"dlstatus:1:33.5:Retrieving file 3 of 9\ndlstatus:1:38:x\npmst", "atus:patroni:41.6:Unpacking patroni (amd64)\nnoise\npmconffile:/etc/x:1:2\n"} {
			if _, err := c.Extra.Write([]byte(part)); err != nil {
				t.Error(err)
			}
		}
		return host.Result{}, nil
	})
	err := in.Install(t.Context(), []string{"haproxy", "etcd-server", "haproxy"}, packages.Options{
		Proxy: "http://user:secret@proxy:3128", Progress: func(s string) { told = append(told, s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	get := "apt-get --config-file " + h.Path("/run/nodeinit/apt.conf") + " --option APT::Status-Fd=3 "
	want := []string{"dpkg --audit", get + "update", get + "install etcd-server haproxy"}
	if diff := cmp.Diff(want, runner.Lines()[:3]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"downloading packages, 30 %", "installing packages, 40 %"}, told[:2]); diff != "" {
		t.Error(diff)
	}
	conf, err := h.ReadFile("/run/nodeinit/apt.conf")
	if err != nil || !strings.Contains(string(conf), `Acquire::http::Proxy "http://user:secret@proxy:3128";`) {
		t.Errorf("%s, %v", conf, err)
	}
	if info, err := os.Stat(h.Path("/run/nodeinit/apt.conf")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("apt.conf %v, %v", info.Mode(), err)
	}
}

func TestNothingToInstall(t *testing.T) {
	in, _, runner := debian(t)
	if err := in.Install(t.Context(), nil, packages.Options{}); err != nil || len(runner.Calls()) != 0 {
		t.Errorf("%v after %v", err, runner.Lines())
	}
}

func TestInstallRefusesAProxyThatIsNoAddress(t *testing.T) {
	in, _, runner := debian(t)
	err := in.Install(t.Context(), []string{"haproxy"}, packages.Options{Proxy: "http://x\"; Dir::Bin::dpkg \"/bin/evil"})
	if err == nil || len(runner.Calls()) != 0 {
		t.Errorf("%v after %v", err, runner.Lines())
	}
}

func TestInterruptedInstallationIsFinishedFirst(t *testing.T) {
	const configure = "dpkg --force-confdef --force-confold --configure --pending"
	t.Run("packages half installed", func(t *testing.T) {
		in, _, runner := debian(t)
		runner.On("dpkg --audit", hosttest.Says("The following packages have been unpacked but not yet configured.\n etcd\n"))
		if err := in.Install(t.Context(), []string{"haproxy"}, packages.Options{}); err != nil || runner.Lines()[1] != configure {
			t.Errorf("%v after %v", err, runner.Lines())
		}
	})
	t.Run("journal of dpkg left", func(t *testing.T) {
		in, h, runner := debian(t)
		hosttest.Put(t, h, map[string]string{"/var/lib/dpkg/updates/0001": ""})
		if err := in.Install(t.Context(), []string{"haproxy"}, packages.Options{}); err != nil || runner.Lines()[1] != configure {
			t.Errorf("%v after %v", err, runner.Lines())
		}
	})
	t.Run("locked", func(t *testing.T) {
		in, _, runner := debian(t)
		runner.On("dpkg --audit", hosttest.Says("something"))
		runner.On("dpkg * --configure *", hosttest.Fails(2, "dpkg: error: dpkg frontend lock was locked by /usr/bin/apt-get process with pid 101\nNote: removing the lock file is always wrong\n"))
		err := in.Install(t.Context(), []string{"haproxy"}, packages.Options{})
		if err == nil || err.Error() != "cannot finish an interrupted installation: dpkg is locked by process 101 /usr/bin/apt-get" {
			t.Errorf("Install: %v", err)
		}
	})
}

func TestInstallBelievesDpkgOnly(t *testing.T) {
	in, _, _ := debian(t)
	err := in.Install(t.Context(), []string{"haproxy", "patroni"}, packages.Options{})
	if err == nil || err.Error() != "cannot install patroni: apt-get succeeded without it" {
		t.Errorf("Install: %v", err)
	}
}

func TestOtherManagersAreRefused(t *testing.T) {
	if _, err := packages.New(platform.Platform{OS: "other-1", Manager: "dnf"}, nil); err == nil {
		t.Error("dnf is said to be supported")
	}
}
