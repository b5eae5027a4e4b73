package packages_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
	"github.com/pgcgen/pgcgen/nodeinit/packages"
)

const unreachable = `W: Failed to fetch http://deb.example/debian/dists/trixie/InRelease  Temporary failure resolving 'deb.example'
W: Some index files failed to download. They have been ignored, or old ones used instead.
`

// What apt-get of Debian 12 and 13 says when it fails, and what a person is told.
func TestFailuresAreExplained(t *testing.T) {
	tests := map[string]struct {
		update, out, errors string
		want, remedy        string
	}{
		"unknown package": {
			errors: "E: Unable to locate package patroni\n",
			want:   "cannot install patroni: no package of that name in the configured sources",
			remedy: "add a source",
		},
		"no candidate": {
			out: "Package patroni is not available, but is referred to by another package.\n", errors: "E: Package 'patroni' has no installation candidate\n",
			want: "cannot install patroni: no package of that name in the configured sources", remedy: "add a source",
		},
		"unknown because no index could be read": {
			update: unreachable, errors: "E: Unable to locate package patroni\n",
			want:   "cannot install haproxy, patroni: mirror not reachable: http://deb.example/debian/dists/trixie/InRelease: Temporary failure resolving 'deb.example'",
			remedy: "make the mirror reachable",
		},
		"archive not reachable": {
			errors: "E: Failed to fetch http://deb.example/pool/patroni.deb  Could not connect to 10.0.0.1:80 (10.0.0.1). - connect (111: Connection refused)\nE: Unable to fetch some archives\n",
			want:   "mirror not reachable: http://deb.example/pool/patroni.deb: Could not connect to 10.0.0.1:80",
			remedy: "make the mirror reachable",
		},
		"mirror without the suite": {
			update: "E: The repository 'http://deb.example/debian trixie InRelease' is not signed.\nE: Failed to fetch http://deb.example/debian/dists/trixie/InRelease  403  Forbidden [IP: 10.0.0.1 80]\n",
			errors: "E: Unable to locate package patroni\n",
			want:   "mirror not reachable: http://deb.example/debian/dists/trixie/InRelease: 403 Forbidden [IP: 10.0.0.1 80]", remedy: "make the mirror",
		},
		"key missing": {
			update: "W: GPG error: http://deb.example bookworm InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 6ED0E7B82643E131\nW: Failed to fetch http://deb.example/InRelease  The following signatures\n",
			errors: "E: Unable to locate package patroni\n",
			want:   "a signature does not verify: http://deb.example bookworm InRelease: The following signatures couldn't be verified", remedy: "install the key",
		},
		"key missing on Debian 13": {
			update: "W: An error occurred during the signature verification. OpenPGP signature verification failed: http://deb.example trixie InRelease: Sub-process /usr/bin/sqv returned an error code (1)\n",
			errors: "E: Unable to locate package patroni\n",
			want:   "a signature does not verify: http://deb.example trixie InRelease: Sub-process /usr/bin/sqv", remedy: "install the key",
		},
		"not signed": {
			errors: "E: The repository 'http://deb.example/debian trixie Release' does not have a Release file.\n",
			want:   "The repository 'http://deb.example/debian trixie Release' does not have a Release file", remedy: "correct the source",
		},
		"wrong clock": {
			update: "E: Release file for http://deb.example/debian/dists/trixie/InRelease is not valid yet (invalid for another 2h 3min 1s). Updates for this repository will not be applied.\n",
			errors: "E: Unable to locate package patroni\n",
			want:   "Release file for http://deb.example/debian/dists/trixie/InRelease is not valid yet", remedy: "set the machine's clock",
		},
		"locked": {
			errors: "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 2460 (unattended-upgr)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n",
			want:   "dpkg is locked by process 2460 unattended-upgr", remedy: "wait for that process",
		},
		"disk full": {
			errors: "E: You don't have enough free space in /var/cache/apt/archives/.\n",
			want:   "You don't have enough free space in /var/cache/apt/archives/", remedy: "free space",
		},
		"maintainer script": {
			errors: "bad luck\ndpkg: error processing package etcd-server (--configure):\n installed etcd-server package post-installation script subprocess returned error exit status 1\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n",
			want:   "cannot install etcd-server: installed etcd-server package post-installation script subprocess returned error exit status 1", remedy: "term.log",
		},
		"dependencies": {
			out:    "The following packages have unmet dependencies:\n patroni : Depends: python3 (>= 3.13) but 3.11 is to be installed\n",
			errors: "E: Unable to correct problems, you have held broken packages.\n",
			want:   "dependencies cannot be met: patroni : Depends: python3 (>= 3.13) but 3.11 is to be installed", remedy: "correct the configured sources",
		},
		"anything else": {errors: "W: x\nE: Something new\n", want: "cannot install haproxy, patroni: Something new"},
		"nothing said":  {want: "cannot install haproxy, patroni: apt-get: exit status 100"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in, _, runner := debian(t)
			runner.On("apt-get * update", func(c host.Command) (host.Result, error) {
				return host.Result{Stderr: []byte(tt.update)}, nil // it succeeds without its indexes
			})
			runner.On("apt-get * install *", func(c host.Command) (host.Result, error) {
				result, err := hosttest.Fails(100, tt.errors)(host.Command{Argv: c.Argv[:1]})
				result.Stdout = []byte(tt.out)
				if tt.errors == "" {
					err = &host.ExitError{Argv: c.Argv, Code: 100, Err: errors.New("exit status 100")}
				}
				return result, err
			})
			err := in.Install(t.Context(), []string{"patroni", "haproxy"}, packages.Options{})
			var exit *host.ExitError
			if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, &exit) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if got := fault.Remedy(err); !strings.Contains(got, tt.remedy) || (tt.remedy == "") != (got == "") {
				t.Errorf("remedy %q, want %q", got, tt.remedy)
			}
		})
	}
}
