package pki

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestSecondOpenFindsTheSameIdentity(t *testing.T) {
	c := newClock()
	s := open(t, config(t, c))
	uuid, issued, operator := s.UUID(), s.IssuedAt(), s.OperatorKey()
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(uuid) {
		t.Errorf("uuid %q is not of version 4", uuid)
	}
	if issued.Nanosecond() != 0 {
		t.Errorf("issued at %v: want whole seconds", issued)
	}
	password, err := s.Password("app")
	if err != nil {
		t.Fatal(err)
	}
	if !s.Changed() {
		t.Error("a new state says it has not changed")
	}
	c.at = c.at.Add(day)
	s = reopen(t, s)
	if s.Changed() {
		t.Error("a state just read says it has changed")
	}
	again, err := s.Password("app")
	if err != nil || again != password {
		t.Errorf("second password differs from the first (%v)", err)
	}
	if s.UUID() != uuid || !s.IssuedAt().Equal(issued) || !s.OperatorKey().Equal(operator) || s.Changed() {
		t.Error("identity differs after reopening, or reading it changed the state")
	}
}

func TestGenerationGrowsWithTheSpec(t *testing.T) {
	s := open(t, config(t, newClock()))
	for _, step := range []struct {
		digest string
		want   int
	}{{"a", 1}, {"a", 1}, {"b", 2}, {"b", 2}, {"a", 3}} {
		if got := s.GenerationFor(step.digest); got != step.want || s.Generation() != step.want {
			t.Errorf("digest %s: generation %d, want %d", step.digest, got, step.want)
		}
	}
	s = reopen(t, s)
	if got := s.GenerationFor("a"); got != 3 || s.Changed() {
		t.Errorf("same digest after reopening: generation %d, want 3 and no change", got)
	}
}

func TestOnlyOneBuildAtATime(t *testing.T) {
	conf := config(t, newClock())
	first := open(t, conf)
	if _, err := Open(conf); !errors.Is(err, ErrLocked) {
		t.Fatalf("second Open: %v, want ErrLocked", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, conf)
}

func TestNothingIsWrittenBeforeSave(t *testing.T) {
	conf := config(t, newClock())
	s := open(t, conf)
	if _, err := s.Password("app"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(conf.Dir, "main"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of a state never saved: %v, want fs.ErrNotExist", err)
	}
}

func TestSaveKeepsAnUnchangedFile(t *testing.T) {
	s := open(t, config(t, newClock()))
	s = reopen(t, s)
	path := filepath.Join(s.Dir(), stateName)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("saving without a change replaced the file (%v)", err)
	}
}

func TestFailedSaveLeavesTheOldFile(t *testing.T) {
	s := reopen(t, open(t, config(t, newClock())))
	path := filepath.Join(s.Dir(), stateName)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// json.Marshal refuses years beyond 9999: the save fails half way.
	s.file.IssuedAt = s.file.IssuedAt.AddDate(9000, 0, 0)
	s.changed = true
	if err := s.Save(); err == nil {
		t.Fatal("Save succeeded")
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the old state is gone (%v)", err)
	}
	names, err := filepath.Glob(filepath.Join(s.Dir(), ".state-*"))
	if err != nil || len(names) != 0 {
		t.Errorf("left behind: %v (%v)", names, err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	s := reopen(t, open(t, config(t, newClock())))
	for path, want := range map[string]fs.FileMode{"": 0o700, stateName: 0o600, lockName: 0o600} {
		info, err := os.Stat(filepath.Join(s.Dir(), path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: mode %v, want %v (%v)", path, info.Mode(), want, err)
		}
	}
}

func TestLoadedStateIsReadOnly(t *testing.T) {
	s := open(t, config(t, newClock()))
	want, err := s.Password("app")
	if err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s) // still locked: reading needs no lock
	loaded, err := Load(s.Dir(), "main")
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.Passwords()["app"]; got != want {
		t.Error("loaded password differs")
	}
	loaded.GenerationFor("x")
	if err := loaded.Save(); err == nil || !strings.Contains(err.Error(), "for reading") {
		t.Errorf("Save of a loaded state: %v", err)
	}
}

func TestRefusedStates(t *testing.T) {
	edit := func(change func(map[string]any)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, stateName)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var doc map[string]any
			if err := json.Unmarshal(data, &doc); err != nil {
				t.Fatal(err)
			}
			change(doc)
			if data, err = json.Marshal(doc); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	chmod := func(name string, mode fs.FileMode) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		cluster string
		damage  func(*testing.T, string)
		want    []string
	}{
		"folder readable by others": {"main", chmod("", 0o755), []string{"mode 0755", "chmod 0700 "}},
		"file readable by others":   {"main", chmod(stateName, 0o640), []string{"mode 0640", "chmod 0600 ", stateName}},
		"another cluster":           {"other", func(*testing.T, string) {}, []string{`"other"`, `"main"`, "folder of its own"}},
		"not JSON": {"main", func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, stateName), []byte("{\"format\""), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"damaged", stateName, "restore it from a backup"}},
		"newer format":     {"main", edit(func(d map[string]any) { d["format"] = 2 }), []string{"format is 2", "format 1"}},
		"unknown field":    {"main", edit(func(d map[string]any) { d["extra"] = 1 }), []string{"damaged", "extra"}},
		"no uuid":          {"main", edit(func(d map[string]any) { delete(d, "uuid") }), []string{"damaged", "uuid"}},
		"no passwords":     {"main", edit(func(d map[string]any) { delete(d, "passwords") }), []string{"damaged", "passwords"}},
		"no operator key":  {"main", edit(func(d map[string]any) { d["operator_key"] = "x" }), []string{"operator's key", "PEM"}},
		"bad operator key": {"main", edit(func(d map[string]any) { d["operator_key"] = encodePEM("PRIVATE KEY", nil) }), []string{"operator's key"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, config(t, newClock()))
			if err := errors.Join(s.Save(), s.Close()); err != nil {
				t.Fatal(err)
			}
			test.damage(t, s.Dir())
			conf := s.conf
			conf.Cluster = test.cluster
			_, openErr := Open(conf)
			_, loadErr := Load(conf.Dir, test.cluster)
			for _, err := range []error{openErr, loadErr} {
				for _, want := range test.want {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("error %q does not say %q", fmt.Sprint(err), want)
					}
				}
			}
		})
	}
}

func TestErrorsDoNotQuoteTheState(t *testing.T) {
	_, err := parseFile([]byte(`{"format":1,"passwords":{"app":"hunter2"},"generation":"hunter2"}`))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}
