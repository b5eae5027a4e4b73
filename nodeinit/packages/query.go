package packages

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pgcgen/pgcgen/nodeinit/host"
)

// Missing implements Installer.
func (a *Apt) Missing(ctx context.Context, names []string) ([]string, error) {
	installed, err := a.installed(ctx, names)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, name := range names {
		if _, ok := installed[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// Version implements Installer.
func (a *Apt) Version(ctx context.Context, name string) (string, error) {
	installed, err := a.installed(ctx, []string{name})
	return upstream(installed[name]), err
}

// installed returns the full versions of those of the packages that are installed and
// configured.
func (a *Apt) installed(ctx context.Context, names []string) (map[string]string, error) {
	found := map[string]string{}
	if len(names) == 0 {
		return found, nil
	}
	argv := append([]string{"dpkg-query", "--show", `--showformat=${db:Status-Abbrev}\t${Package}\t${Version}\n`, "--"}, names...)
	result, err := a.run(ctx, host.Command{Argv: argv})
	// Status 1 says that some of the packages are unknown; the others were listed.
	var exit *host.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.Code != 1) {
		return nil, fmt.Errorf("cannot tell which packages are installed: %w", err)
	}
	for line := range strings.Lines(string(result.Stdout)) {
		fields := strings.Split(strings.TrimRight(line, "\n"), "\t")
		// The abbreviation is desired action, status and error; "hi " is installed and held.
		if len(fields) == 3 && len(fields[0]) >= 2 && fields[0][1] == 'i' && strings.TrimSpace(fields[0][2:]) == "" {
			found[fields[1]] = fields[2]
		}
	}
	return found, nil
}

// upstream takes the epoch, the revision and what a packager added off a version of
// deb-version(7): "1:2.6.12+dfsg-1+deb12u2" -> "2.6.12".
func upstream(version string) string {
	if _, rest, ok := strings.Cut(version, ":"); ok {
		version = rest
	}
	if i := strings.LastIndexByte(version, '-'); i >= 0 {
		version = version[:i]
	}
	if i := strings.IndexAny(version, "+~"); i >= 0 {
		version = version[:i]
	}
	return version
}
