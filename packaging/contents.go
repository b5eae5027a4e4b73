package packaging

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/files"
)

//go:embed files scripts
var sources embed.FS

// fill writes everything the package holds below dir and lists it in info.
func (o Options) fill(info *nfpm.Info, dir string) error {
	all, err := o.files(info)
	if err != nil {
		return err
	}
	for i, f := range append(all, o.Files...) {
		if f, err = f.compressed(); err != nil {
			return err
		}
		source := filepath.Join(dir, fmt.Sprintf("content-%d", i))
		if err := os.WriteFile(source, f.Data, 0o600); err != nil {
			return err
		}
		info.Contents = append(info.Contents, &files.Content{
			Source: source, Destination: f.Path, Type: files.TypeFile, FileInfo: owned(f.Mode, info.MTime),
		})
	}
	for _, path := range []string{"/etc/nodeinit", "/var/lib/nodeinit"} {
		info.Contents = append(info.Contents, &files.Content{
			Destination: path, Type: files.TypeDir, FileInfo: owned(0o700, info.MTime),
		})
	}
	return o.scripts(info, dir)
}

func owned(mode fs.FileMode, at time.Time) *files.ContentFileInfo {
	return &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: at}
}

// files are the package's own files, in both formats or in one.
func (o Options) files(info *nfpm.Info) ([]File, error) {
	const doc = "/usr/share/doc/nodeinit/"
	list := []File{{Path: "/usr/bin/nodeinit", Mode: 0o755, Data: o.Program}}
	add := func(path, source string) error {
		data, err := sources.ReadFile("files/" + source)
		list = append(list, File{Path: path, Mode: 0o644, Data: data})
		return err
	}
	err := add("/usr/lib/systemd/system/nodeinit.service", "nodeinit.service")
	if err == nil {
		err = add("/usr/lib/systemd/system-preset/80-nodeinit.preset", "80-nodeinit.preset")
	}
	if err == nil {
		err = add(doc+"copyright", "copyright")
	}
	if err == nil && o.Format == Deb {
		err = add("/usr/share/lintian/overrides/nodeinit", "lintian-overrides")
		list = append(list, File{Path: doc + "changelog", Mode: 0o644, Data: changelog(info)})
	}
	return list, err
}

// changelog is the one entry of this version, in Debian's form; the project's own is on
// its site.
func changelog(info *nfpm.Info) []byte {
	version := info.Version
	if info.Prerelease != "" {
		version += "~" + info.Prerelease // sorts before the release
	}
	if info.VersionMetadata != "" {
		version += "+" + info.VersionMetadata
	}
	return fmt.Appendf(nil, "nodeinit (%s) unstable; urgency=medium\n\n  * See %s/blob/main/CHANGELOG.md\n\n -- %s  %s\n",
		version, homepage, maintainer, info.MTime.Format(time.RFC1123Z))
}

// compressed is the file as Debian wants it: manual pages and changelogs with gzip -9, and
// without a time.
func (f File) compressed() (File, error) {
	if !strings.HasPrefix(f.Path, "/usr/share/man/") && filepath.Base(f.Path) != "changelog" {
		return f, nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return f, err
	}
	if _, err := w.Write(f.Data); err != nil {
		return f, err
	}
	if err := w.Close(); err != nil {
		return f, err
	}
	return File{Path: f.Path + ".gz", Mode: f.Mode, Data: b.Bytes()}, nil
}

// scripts writes the maintainer scripts below dir.
func (o Options) scripts(info *nfpm.Info, dir string) error {
	targets := map[string]*string{
		"deb-postinst": &info.Scripts.PostInstall, "deb-prerm": &info.Scripts.PreRemove, "deb-postrm": &info.Scripts.PostRemove,
		"rpm-post": &info.Scripts.PostInstall, "rpm-preun": &info.Scripts.PreRemove, "rpm-postun": &info.Scripts.PostRemove,
	}
	for script, target := range targets {
		if !strings.HasPrefix(script, string(o.Format)+"-") {
			continue
		}
		data, err := sources.ReadFile("scripts/" + script + ".sh")
		if err != nil {
			return err
		}
		*target = filepath.Join(dir, script)
		if err := os.WriteFile(*target, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
