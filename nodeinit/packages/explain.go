package packages

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/host"
)

// reason recognises one way in which apt fails by what it says.
type reason struct {
	pattern *regexp.Regexp
	// cause is a template for Regexp.Expand. A group called "package" replaces the list of all
	// that were to be installed.
	cause, remedy string
	// updating tells that reading the indexes had failed before, if it had: the message is
	// a consequence of that.
	updating bool
}

const (
	nowhere      = "no package of that name in the configured sources"
	addSource    = "add a source that has it, or use an image with the packages"
	reachMirror  = "make the mirror reachable from this machine, set packages.proxy in the inventory, or use an image with the packages"
	trustSource  = "install the key of that source, or correct the source"
	waitForOther = "wait for that process to end; nodeinit tries again"
	seeLogs      = "see /var/log/apt/term.log for what it said"
)

// reasons are tried in order; the first that matches is the cause. The messages are those of
// apt and dpkg with LC_ALL=C, as Debian 12 and 13 write them.
var reasons = []reason{
	when(`E: Could not get lock \S+\. It is held by process (?P<pid>\d+)(?: \((?P<name>[^)]*)\))?`,
		"dpkg is locked by process ${pid} ${name}", waitForOther),
	when(`lock was locked by (?:another|(?P<name>\S+)) process with pid (?P<pid>\d+)`,
		"dpkg is locked by process ${pid} ${name}", waitForOther),
	when(`E: Unable to locate package (?P<package>\S+)`, nowhere, addSource).afterIndexes(),
	when(`E: Package '(?P<package>[^']+)' has no installation candidate`, nowhere, addSource).afterIndexes(),
	when(`(?:E|W): (?P<text>Release file for .* is not valid yet .*)`, "${text}", "set the machine's clock"),
	when(`(?:GPG error|OpenPGP signature verification failed): (?P<text>.*)`, "a signature does not verify: ${text}", trustSource),
	when(`(?:E|W): Failed to fetch (?P<url>\S+)\s+(?P<why>.*)`, "mirror not reachable: ${url}: ${why}", reachMirror),
	when(`E: (?P<text>The repository '.*' (?:is not signed|does not have a Release file|is no longer signed))`, "${text}", trustSource),
	when(`E: (?P<text>You don't have enough free space in \S+/)`, "${text}", "free space there, or use a larger disk"),
	when(`dpkg: error processing (?:package|archive) (?P<package>\S+) .*\n\s*(?P<why>.*)`, "${why}", seeLogs),
	when(`The following packages have unmet dependencies:\n\s*(?P<why>.*)`,
		"dependencies cannot be met: ${why}", "correct the configured sources: one is missing, or they are of several releases"),
	when(`E: (?P<text>.*)`, "${text}", ""),
}

func when(pattern, cause, remedy string) reason {
	return reason{pattern: regexp.MustCompile(pattern), cause: cause, remedy: remedy}
}

func (r reason) afterIndexes() reason {
	r.updating = true
	return r
}

// explain turns a failure of apt-get into an error that names the packages, the cause and
// what to do. indexes is what reading the indexes said before.
func explain(names []string, indexes, result host.Result, err error) error {
	found, ok := diagnose(text(result), reasons)
	if !ok {
		return describe(names, err.Error(), err)
	}
	if before, ok := diagnose(text(indexes), reasons[:len(reasons)-1]); ok && found.updating {
		found = before
	}
	if found.culprit != "" {
		names = []string{found.culprit}
	}
	return fault.WithRemedy(describe(names, found.cause, err), found.remedy)
}

// diagnosis is a reason with the names of the case.
type diagnosis struct {
	reason
	cause, culprit string
}

func diagnose(said string, reasons []reason) (diagnosis, bool) {
	for _, r := range reasons {
		at := r.pattern.FindStringSubmatchIndex(said)
		if at == nil {
			continue
		}
		expand := func(template string) string {
			return strings.Join(strings.Fields(string(r.pattern.ExpandString(nil, template, said, at))), " ")
		}
		return diagnosis{reason: r, cause: expand(r.cause), culprit: expand("${package}")}, true
	}
	return diagnosis{}, false
}

func text(r host.Result) string { return string(r.Stderr) + "\n" + string(r.Stdout) }

// aptError says why apt failed in place of its exit status, which stays in the chain.
type aptError struct {
	text string
	err  error
}

func (e *aptError) Error() string { return e.text }

func (e *aptError) Unwrap() error { return e.err }

func describe(names []string, cause string, err error) error {
	if len(names) > 0 {
		cause = fmt.Sprintf("cannot install %s: %s", strings.Join(names, ", "), cause)
	}
	return &aptError{text: cause, err: err}
}
