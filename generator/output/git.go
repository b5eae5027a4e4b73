package output

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// GitWarning returns what to tell the user when a folder of secrets lies in a git work tree
// that does not ignore it, and "" when that is not so. The folder need not exist. When git
// cannot be asked it warns: one line too many costs less than a committed key.
func GitWarning(ctx context.Context, dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	tree := workTree(abs)
	if tree == "" || ignored(ctx, tree, abs) {
		return ""
	}
	rel, err := filepath.Rel(tree, abs)
	if err != nil {
		rel = abs
	}
	return fmt.Sprintf("%s lies in the git work tree %s, which does not ignore it: its keys could be committed; "+
		"add the line /%s/ to %s", dir, tree, filepath.ToSlash(rel), filepath.Join(tree, ".gitignore"))
}

// workTree is the nearest parent that holds .git, a folder or (linked work trees) a file.
func workTree(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// ignored asks git about a file in the folder, because a pattern such as ".pgcgen/" matches
// folders only, and the folder may not be there yet.
func ignored(ctx context.Context, tree, dir string) bool {
	cmd := exec.CommandContext(ctx, "git", "check-ignore", "-q", "--", filepath.Join(dir, "state.json"))
	cmd.Dir = tree
	return cmd.Run() == nil
}
