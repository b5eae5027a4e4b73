package cloudinit

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kdomanski/iso9660"
)

var issued = time.Date(2027, 3, 1, 12, 30, 45, 0, time.UTC)

// seedFiles has the sizes and names where images go wrong: empty, one whole sector, one
// byte more, several dots.
func seedFiles() map[string][]byte {
	return map[string][]byte{
		"user-data": noise(5000), "meta-data": nil, "network-config": noise(sectorSize),
		"nodeinit-arm64.deb": noise(sectorSize + 1), "nodeinit_1.2.3-1_amd64.deb": []byte("x"), strings.Repeat("n", 30): []byte("long"),
	}
}

func seedImage(t *testing.T, files map[string][]byte, order func([]SeedFile)) []byte {
	t.Helper()
	var list []SeedFile
	for name, data := range files {
		list = append(list, SeedBytes(name, data))
	}
	order(list)
	var b bytes.Buffer
	if err := WriteSeed(&b, list, issued); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func byName(list []SeedFile) {
	slices.SortFunc(list, func(a, b SeedFile) int { return strings.Compare(a.Name, b.Name) })
}

func TestSeedIsReadByAnotherImplementation(t *testing.T) {
	data := seedImage(t, seedFiles(), byName)
	image, err := iso9660.OpenImage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	root, err := image.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	children, err := root.GetChildren()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	for _, c := range children {
		if got[c.Name()], err = io.ReadAll(c.Reader()); err != nil {
			t.Fatal(err)
		}
		if !c.ModTime().Equal(issued) || c.IsDir() {
			t.Errorf("%s: time %v, folder %v", c.Name(), c.ModTime(), c.IsDir())
		}
	}
	want := seedFiles()
	want["meta-data"] = []byte{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("files differ")
	}
	if sectors := len(data) / sectorSize; len(data)%sectorSize != 0 || sectors != rootSector+1+3+0+1+2+1+1 {
		t.Errorf("%d sectors", sectors)
	}
	if name := strings.TrimRight(string(data[16*sectorSize+40:16*sectorSize+72]), " "); name != "CIDATA" {
		t.Errorf("label %q", name)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	first := seedImage(t, seedFiles(), byName)
	second := seedImage(t, seedFiles(), func(list []SeedFile) { byName(list); slices.Reverse(list) })
	if !bytes.Equal(first, second) {
		t.Error("the order of files changed the image")
	}
}

func TestRefusedSeeds(t *testing.T) {
	boom := errors.New("boom")
	open := func(r io.Reader, err error) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(r), err }
	}
	var many []SeedFile
	for n := range 40 {
		many = append(many, SeedBytes(strings.Repeat("n", 28)+string(rune('0'+n/10))+string(rune('0'+n%10)), nil))
	}
	for want, files := range map[string][]SeedFile{
		`"User-Data" is no file name`:   {SeedBytes("User-Data", nil)},
		`"a/b" is no file name`:         {SeedBytes("a/b", nil)},
		"is no file name: use up to 30": {SeedBytes(strings.Repeat("n", 31), nil)},
		"user-data is there twice":      {SeedBytes("user-data", nil), SeedBytes("user-data", nil)},
		"takes 4 GiB":                   {{Name: "big", Size: 1 << 32}},
		"too many files":                many,
		"short: it does not have the 9": {{Name: "short", Size: 9, Open: open(strings.NewReader("x"), nil)}},
		"long: it does not have the 1":  {{Name: "long", Size: 1, Open: open(strings.NewReader("xyz"), nil)}},
		"gone: boom":                    {{Name: "gone", Open: open(nil, boom)}},
	} {
		err := WriteSeed(io.Discard, files, issued)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := WriteSeed(io.Discard, nil, time.Time{}); err == nil || !strings.Contains(err.Error(), "no year 1") {
		t.Errorf("year 1: %v", err)
	}
	if err := WriteSeed(failing{boom}, nil, issued); !errors.Is(err, boom) {
		t.Errorf("a full disk: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
