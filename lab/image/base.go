package image

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pgcgen/pgcgen/lab/command"
)

// Base returns the folder of the root file system that spec describes, building it when it
// is not in the store yet (minutes, and the network). It needs root and mmdebstrap.
func (s Store) Base(ctx context.Context, spec Spec) (string, error) {
	sources, err := HostSources(ctx, spec.Suite)
	if err != nil {
		return "", err
	}
	checks, err := hostChecks(ctx)
	if err != nil {
		return "", err
	}
	return s.make(ctx, spec.key(sources, checks), func(ctx context.Context, dir string) error {
		began := time.Now()
		s.progress("building the %s image of %s in %s", spec.Kind, spec.Suite, s.Dir)
		if err := s.bootstrap(ctx, spec, sources, checks, dir); err != nil {
			return err
		}
		if err := finish(ctx, dir, sources); err != nil {
			return err
		}
		s.progress("the %s image of %s took %s", spec.Kind, spec.Suite, time.Since(began).Round(time.Second))
		return nil
	})
}

// bootstrap unpacks and configures the packages into root, an empty folder.
func (s Store) bootstrap(ctx context.Context, spec Spec, sources []Source, checks []string, root string) error {
	before, err := os.MkdirTemp("", "pgcgen-lab-")
	if err != nil {
		return fmt.Errorf("cannot prepare the image: %w", err)
	}
	defer func() { _ = os.RemoveAll(before) }() // a few small files in the temporary folder
	if err := prepare(before, spec.Masks); err != nil {
		return err
	}
	argv := []string{
		"mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
		"--include=" + strings.Join(append(append([]string{}, system...), spec.Packages...), ","),
		`--setup-hook=cp -a "` + before + `/." "$1/"`,
	}
	for _, check := range checks {
		argv = append(argv, "--aptopt="+check)
	}
	argv = append(argv, spec.Suite, root)
	for _, source := range sources {
		argv = append(argv, source.Line())
	}
	steps := &command.Lines{Each: func(line string) {
		if step, ok := strings.CutPrefix(line, "I: "); ok {
			s.progress("%s %s: %s", spec.Kind, spec.Suite, step)
		}
	}}
	return command.Stream(command.New(ctx, argv...), io.Discard, steps)
}

// prepare writes what must be in place before a package's scripts run: masked units do not
// start, and postgresql-common makes no cluster of its own. A stock image has nothing to
// mask and stays as the distribution has it: keeping its units from starting is nodeinit's.
func prepare(root string, masks []string) error {
	if len(masks) == 0 {
		return nil
	}
	if err := write(root, "etc/postgresql-common/createcluster.conf", "create_main_cluster = false\n"); err != nil {
		return err
	}
	units := filepath.Join(root, "etc/systemd/system")
	if err := os.MkdirAll(units, 0o755); err != nil {
		return fmt.Errorf("cannot mask units: %w", err)
	}
	for _, unit := range masks {
		if err := os.Symlink("/dev/null", filepath.Join(units, unit)); err != nil {
			return fmt.Errorf("cannot mask %s: %w", unit, err)
		}
	}
	return nil
}

func write(root, name, text string) error {
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	return nil
}
