package host

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

// EnsureUser makes a system account with its groups, and reports whether it had to. An
// account that exists keeps its home and shell; it is added to groups that it lacks.
func (h *Host) EnsureUser(ctx context.Context, u component.User) (changed bool, err error) {
	group := cmp.Or(u.Group, u.Name)
	changed, err = h.ensureGroup(ctx, group)
	if err != nil {
		return false, err
	}
	passwd, err := h.account("/etc/passwd", u.Name)
	if err != nil {
		return false, err
	}
	if passwd == nil {
		home := cmp.Or(u.Home, "/nonexistent")
		if err := h.run(ctx, "useradd", "--system", "--no-create-home", "--home-dir", home,
			"--gid", group, "--shell", "/usr/sbin/nologin", u.Name); err != nil {
			return false, fmt.Errorf("cannot make user %s: %w", u.Name, err)
		}
		changed = true
	}
	joined, err := h.join(ctx, u)
	return changed || joined, err
}

func (h *Host) ensureGroup(ctx context.Context, name string) (bool, error) {
	group, err := h.account("/etc/group", name)
	if group != nil || err != nil {
		return false, err
	}
	if err := h.run(ctx, "groupadd", "--system", name); err != nil {
		return false, fmt.Errorf("cannot make group %s: %w", name, err)
	}
	return true, nil
}

// join adds a user to the supplementary groups that it is not in.
func (h *Host) join(ctx context.Context, u component.User) (bool, error) {
	var missing []string
	for _, name := range u.Groups {
		group, err := h.account("/etc/group", name)
		if err != nil {
			return false, err
		}
		if group == nil {
			return false, fmt.Errorf("cannot add user %s to group %s: there is no such group", u.Name, name)
		}
		if !slices.Contains(strings.Split(group[len(group)-1], ","), u.Name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return false, nil
	}
	list := strings.Join(missing, ",")
	if err := h.run(ctx, "usermod", "--append", "--groups", list, u.Name); err != nil {
		return false, fmt.Errorf("cannot add user %s to group %s: %w", u.Name, list, err)
	}
	return true, nil
}

func (h *Host) run(ctx context.Context, argv ...string) error {
	_, err := h.Runner.Run(ctx, Command{Argv: argv})
	return err
}
