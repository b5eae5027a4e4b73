package packages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/templates/component"
)

// Apt is the Installer of Debian and its kin.
type Apt struct {
	Host *host.Host
}

const (
	// createClusterFile is read by postgresql-common's default createcluster.conf, which is
	// left to the package: changing it before would make its installation ask questions.
	createClusterFile = "/etc/postgresql-common/createcluster.d/nodeinit.conf"
	createCluster     = "# Written by nodeinit: clusters are made by Patroni, never by installing a package.\ncreate_main_cluster = false\n"

	// configFile is apt.conf(5) for our own calls. It is private, as a proxy's address may
	// hold a password. It does not make apt wait for locks: failing names the process that
	// holds one, and the caller tries again.
	configFile = "/run/nodeinit/apt.conf"
	config     = `# Written by nodeinit for its own calls of apt-get.
APT::Get::Assume-Yes "true";
APT::Get::AllowUnauthenticated "false";
APT::Install-Recommends "false";
Acquire::Retries "3";
Dpkg::Use-Pty "false";
DPkg::Options { "--force-confdef"; "--force-confold"; };
`
)

// environment keeps packages from asking, and needrestart from restarting services on its
// own, nodeinit among them.
var environment = []string{"DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1", "NEEDRESTART_SUSPEND=1"}

// Install implements Installer.
func (a *Apt) Install(ctx context.Context, names []string, o Options) error {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) == 0 {
		return nil
	}
	if err := a.prepare(o); err != nil {
		return fmt.Errorf("cannot install %s: %w", strings.Join(names, ", "), err)
	}
	if err := a.heal(ctx); err != nil {
		return err
	}
	// One mirror of many that does not answer is no reason to stop: what could be read may
	// be enough. If it is not, this is the better explanation.
	indexes, _ := a.get(ctx, o, "update")
	result, err := a.get(ctx, o, append([]string{"install"}, names...)...)
	if err != nil {
		return explain(names, indexes, result, err)
	}
	missing, err := a.Missing(ctx, names)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("cannot install %s: apt-get succeeded without it", strings.Join(missing, ", "))
	}
	return err
}

// prepare writes what must be in place before apt runs.
func (a *Apt) prepare(o Options) error {
	text := config
	if o.Proxy != "" {
		if strings.ContainsAny(o.Proxy, "\"\n;") {
			return errors.New("the proxy's address holds characters that no address has")
		}
		text += fmt.Sprintf("Acquire::http::Proxy \"%s\";\nAcquire::https::Proxy \"%[1]s\";\n", o.Proxy)
	}
	for _, f := range []component.File{
		{Path: createClusterFile, Mode: 0o644, Data: []byte(createCluster)},
		{Path: configFile, Mode: 0o600, Data: []byte(text)},
	} {
		if _, err := a.Host.WriteFile(f); err != nil {
			return err
		}
	}
	return nil
}

// heal finishes what was interrupted in the middle of unpacking or configuring, as a power
// cut does; apt refuses to work before.
func (a *Apt) heal(ctx context.Context) error {
	audit, err := a.run(ctx, host.Command{Argv: []string{"dpkg", "--audit"}})
	if err != nil && len(audit.Stdout) == 0 {
		return fmt.Errorf("cannot tell whether packages are intact: %w", err)
	}
	journal, err := a.Host.List("/var/lib/dpkg/updates")
	if err != nil {
		return fmt.Errorf("cannot tell whether dpkg was interrupted: %w", err)
	}
	if len(audit.Stdout) == 0 && len(journal) == 0 {
		return nil
	}
	result, err := a.run(ctx, host.Command{Argv: []string{"dpkg", "--force-confdef", "--force-confold", "--configure", "--pending"}})
	if err != nil {
		return fmt.Errorf("cannot finish an interrupted installation: %w", explain(nil, host.Result{}, result, err))
	}
	return nil
}

// get runs apt-get with our configuration.
func (a *Apt) get(ctx context.Context, o Options, args ...string) (host.Result, error) {
	argv := []string{"apt-get", "--config-file", a.Host.Path(configFile)}
	c := host.Command{}
	if o.Progress != nil {
		argv = append(argv, "--option", "APT::Status-Fd=3")
		c.Extra = &progress{tell: o.Progress}
	}
	c.Argv = append(argv, args...)
	return a.run(ctx, c)
}

func (a *Apt) run(ctx context.Context, c host.Command) (host.Result, error) {
	c.Env = environment
	return a.Host.Runner.Run(ctx, c)
}
