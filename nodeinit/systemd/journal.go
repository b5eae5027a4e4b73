package systemd

import (
	"context"
	"strconv"
	"strings"
)

// Journal returns the last n lines that a unit wrote in this boot, oldest first.
type Journal func(ctx context.Context, unit string, n int) ([]string, error)

// Journalctl reads the journal with journalctl(1), which run executes and whose standard
// output it returns. (The library to read it without needs cgo.)
func Journalctl(run func(ctx context.Context, argv ...string) ([]byte, error)) Journal {
	return func(ctx context.Context, unit string, n int) ([]string, error) {
		// What a service wrote just before it died may still be on its way.
		_, _ = run(ctx, "journalctl", "--sync")
		out, err := run(ctx, "journalctl", "--boot", "--unit", unit, "--lines", strconv.Itoa(n),
			"--output", "cat", "--no-pager", "--quiet")
		if err != nil {
			return nil, err
		}
		text := strings.TrimSpace(string(out))
		if text == "" {
			return nil, nil
		}
		return strings.Split(text, "\n"), nil
	}
}
