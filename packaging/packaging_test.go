package packaging

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// options describe a package of a small program that stands in for nodeinit.
func options(format Format) Options {
	return Options{
		Version: "1.2.3", Arch: "amd64", Format: format,
		Program: bytes.Repeat([]byte("#!/bin/true\n"), 200_000),
		Files: []File{
			{Path: "/usr/share/man/man8/nodeinit.8", Mode: 0o644, Data: []byte(".TH nodeinit 8\n")},
			{Path: "/usr/share/bash-completion/completions/nodeinit", Mode: 0o644, Data: []byte("complete -W run nodeinit\n")},
		},
		Time: time.Date(2027, 1, 2, 3, 4, 5, 6, time.UTC),
	}
}

func build(t *testing.T, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Build(t.Context(), &b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSameOptionsSameBytes(t *testing.T) {
	for _, format := range Formats() {
		first := build(t, options(format))
		// Neither the environment, nor the number of processors, nor the folder for temporary
		// files may show.
		t.Setenv("TMPDIR", t.TempDir())
		t.Setenv("SOURCE_DATE_EPOCH", "1")
		old := runtime.GOMAXPROCS(1)
		second := build(t, options(format))
		runtime.GOMAXPROCS(old)
		if !bytes.Equal(first, second) {
			t.Errorf("two %s packages differ", format)
		}
	}
}

func TestFileNames(t *testing.T) {
	for want, o := range map[string]Options{
		"nodeinit_1.2.3_amd64.deb":              {Version: "1.2.3", Arch: "amd64", Format: Deb},
		"nodeinit_1.2.3_arm64.deb":              {Version: "1.2.3", Arch: "arm64", Format: Deb},
		"nodeinit_1.2.3~rc.1_amd64.deb":         {Version: "1.2.3-rc.1", Arch: "amd64", Format: Deb},
		"nodeinit-1.2.3-1.x86_64.rpm":           {Version: "1.2.3", Arch: "amd64", Format: RPM},
		"nodeinit-1.2.3~rc.1+git-1.aarch64.rpm": {Version: "1.2.3-rc.1+git", Arch: "arm64", Format: RPM},
	} {
		o.Time = time.Unix(1, 0)
		if got, err := o.FileName(); err != nil || got != want {
			t.Errorf("got %s, want %s (%v)", got, want, err)
		}
	}
}

func TestRefusedOptions(t *testing.T) {
	for want, change := range map[string]func(*Options){
		`version "v1.2.3"`:        func(o *Options) { o.Version = "v1.2.3" },
		`version "1.2"`:           func(o *Options) { o.Version = "1.2" },
		`architecture "riscv64"`:  func(o *Options) { o.Arch = "riscv64" },
		`format "apk"`:            func(o *Options) { o.Format = "apk" },
		"it has no date":          func(o *Options) { o.Time = time.Time{} },
		"package of nodeinit 9.9": func(o *Options) { o.Version = "9.9" },
	} {
		o := options(Deb)
		change(&o)
		if err := Build(t.Context(), io.Discard, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestBuildStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Build(ctx, io.Discard, options(RPM)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	boom := errors.New("disk full")
	if err := Build(t.Context(), failing{boom}, options(Deb)); !errors.Is(err, boom) {
		t.Errorf("full disk: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestManualsAndChangelogsAreCompressedWithoutATime(t *testing.T) {
	f, err := File{Path: "/usr/share/man/man8/x.8", Mode: 0o644, Data: []byte("text")}.compressed()
	if err != nil || f.Path != "/usr/share/man/man8/x.8.gz" {
		t.Fatalf("%s: %v", f.Path, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(f.Data))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != "text" || !r.ModTime.IsZero() {
		t.Errorf("holds %q of %v (%v)", text, r.ModTime, err)
	}
	same, err := File{Path: "/usr/bin/x", Data: []byte("text")}.compressed()
	if err != nil || same.Path != "/usr/bin/x" || string(same.Data) != "text" {
		t.Errorf("a program became %s (%v)", same.Path, err)
	}
}

func TestEmbeddedProgram(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("program")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	have := fstest.MapFS{
		"embedded/nodeinit-linux-amd64.gz": {Data: packed.Bytes()},
		"embedded/nodeinit-linux-arm64.gz": {Data: packed.Bytes()[:20]},
	}
	if got, err := readBinary(have, "amd64"); err != nil || string(got) != "program" {
		t.Errorf("got %q (%v)", got, err)
	}
	for want, read := range map[string]func() ([]byte, error){
		"run: make build":    func() ([]byte, error) { return readBinary(fstest.MapFS{}, "amd64") },
		"cannot unpack":      func() ([]byte, error) { return readBinary(have, "arm64") },
		`known are ["amd64"`: func() ([]byte, error) { return Binary("mips") },
	} {
		if _, err := read(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
