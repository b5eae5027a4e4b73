package output

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	edit := func(name, text string) func(string) error {
		return func(out string) error { return os.WriteFile(filepath.Join(out, name), []byte(text), 0o600) }
	}
	for name, test := range map[string]struct {
		damage func(out string) error
		want   string
	}{
		"untouched":   {func(string) error { return nil }, ""},
		"changed":     {edit("RUNBOOK.md", "read mE"), "RUNBOOK.md: its content has changed"},
		"missing":     {func(out string) error { return os.Remove(filepath.Join(out, "pki/etcd.crt")) }, "pki/etcd.crt: it is missing"},
		"extra":       {edit("nodes/extra", ""), "nodes/extra: pgcgen did not write it"},
		"other sums":  {edit("SHA256SUMS", ""), "SHA256SUMS: it does not agree"},
		"tighter":     {func(out string) error { return os.Chmod(filepath.Join(out, "RUNBOOK.md"), 0o600) }, ""},
		"wider":       {func(out string) error { return os.Chmod(filepath.Join(out, "nodes/pg1/user-data"), 0o644) }, "chmod 0600"},
		"a link":      {relink, "not a regular file"},
		"no manifest": {func(out string) error { return os.Remove(filepath.Join(out, "manifest.json")) }, "cannot read output"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			build(t, out, two())
			if err := test.damage(out); err != nil {
				t.Fatal(err)
			}
			m, err := Verify(t.Context(), out)
			switch {
			case test.want == "" && (err != nil || m.Generation != 4 || len(m.Files) != 4):
				t.Errorf("manifest %+v, error %v", m, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func relink(out string) error {
	path := filepath.Join(out, "RUNBOOK.md")
	return errors.Join(os.Rename(path, out+".md"), os.Symlink(out+".md", path))
}

func TestVerifyStopsWhenToldTo(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	build(t, out, two())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, out); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestChecksumsSuitSha256sum(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	build(t, out, two())
	cmd := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	cmd.Dir = out
	text, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(text), ": OK\n") != 5 {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestLoadRefusesForeignManifests(t *testing.T) {
	out := t.TempDir()
	if _, err := Load(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: %v", err)
	}
	for text, want := range map[string]string{
		"{":                            "unexpected end",
		`{"tool":"x"}`:                 "not written by pgcgen",
		`{"tool":"pgcgen","format":9}`: "format is 9",
		`{"tool":"pgcgen","format":1,"files":[{"path":"../x"}]}`: "no name of an output file",
	} {
		if err := os.WriteFile(filepath.Join(out, "manifest.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestGitWarning(t *testing.T) {
	ctx := t.Context()
	tree := t.TempDir()
	dir := filepath.Join(tree, "inventories", ".pgcgen", "main")
	if got := GitWarning(ctx, dir); got != "" {
		t.Errorf("outside of git: %s", got)
	}
	git := exec.Command("git", "init", "--quiet", tree)
	if text, err := git.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want := []string{dir + " lies in the git work tree " + tree, "/inventories/.pgcgen/main/", filepath.Join(tree, ".gitignore")}
	for _, part := range want {
		if got := GitWarning(ctx, dir); !strings.Contains(got, part) {
			t.Errorf("warning %q lacks %q", got, part)
		}
	}
	if err := os.WriteFile(filepath.Join(tree, ".gitignore"), []byte(".pgcgen/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := GitWarning(ctx, dir); got != "" {
		t.Errorf("ignored, and still: %s", got)
	}
	t.Setenv("PATH", t.TempDir())
	if got := GitWarning(ctx, dir); got == "" {
		t.Error("no warning although git could not be asked")
	}
}
