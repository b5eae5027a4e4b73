package cloudinit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// SeedFile is one file of a NoCloud image. Its content is read when the image is written,
// so that a package need not be in memory once for each node.
type SeedFile struct {
	Name string
	Size int64
	Open func() (io.ReadCloser, error)
}

// SeedBytes is a SeedFile of bytes in memory.
func SeedBytes(name string, data []byte) SeedFile {
	return SeedFile{Name: name, Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// seedName is what Linux shows unchanged without Rock Ridge or Joliet extensions: lower
// case, and the 30 characters of ISO 9660. More than one dot survives a Linux mount.
var seedName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,29}$`)

const (
	sectorSize = 2048
	// Sectors 0 to 15 are the system area, 16 and 17 the volume descriptors.
	systemSectors    = 16
	littlePathSector = 18
	bigPathSector    = 19
	rootSector       = 20

	pathTableSize = 10
)

// extent is a file with its place.
type extent struct {
	SeedFile
	record []byte
	sector uint32
}

// WriteSeed writes an ISO 9660 image with the label CIDATA and all files in its root. Every
// date in it is modified; nothing depends on the machine, the clock or the order of files.
//
// It is written here because a library for it would first copy each node's keys and
// packages into files of the system's temporary folder, and stamp the current time.
func WriteSeed(w io.Writer, files []SeedFile, modified time.Time) error {
	image, err := newImage(files, modified.UTC())
	if err != nil {
		return fmt.Errorf("cannot write seed image: %w", err)
	}
	if err := image.write(w); err != nil {
		return fmt.Errorf("cannot write seed image: %w", err)
	}
	return nil
}

type image struct {
	modified time.Time
	extents  []extent
	root     []byte // directory, whole sectors
	sectors  uint32 // of the whole image
}

// newImage places the files one after the other behind the root directory.
func newImage(files []SeedFile, modified time.Time) (*image, error) {
	if year := modified.Year(); year < 1900 || year > 1900+math.MaxUint8 {
		return nil, fmt.Errorf("the format has no year %d", year)
	}
	m := &image{modified: modified, sectors: rootSector + 1}
	files = slices.SortedFunc(slices.Values(files), func(a, b SeedFile) int { return strings.Compare(a.Name, b.Name) })
	size := len(record(self, 0, 0, modified)) + len(record(parent, 0, 0, modified))
	for i, f := range files {
		switch {
		case !seedName.MatchString(f.Name):
			return nil, fmt.Errorf("%q is no file name: use up to 30 of a-z, 0-9, dot, dash and underscore", f.Name)
		case i > 0 && files[i-1].Name == f.Name:
			return nil, fmt.Errorf("%s is there twice", f.Name)
		case f.Size < 0 || f.Size > math.MaxUint32:
			return nil, fmt.Errorf("%s has %d bytes, and the format takes 4 GiB", f.Name, f.Size)
		}
		size += len(record(f.Name+";1", 0, 0, modified))
	}
	if size > sectorSize {
		return nil, errors.New("there are too many files: their directory must fit into 2048 bytes")
	}
	for _, f := range files {
		e := extent{SeedFile: f, sector: m.sectors}
		e.record = record(f.Name+";1", e.sector, uint32(f.Size), modified)
		m.extents = append(m.extents, e)
		m.sectors += uint32((f.Size + sectorSize - 1) / sectorSize)
	}
	m.root = m.directory()
	return m, nil
}

func (m *image) directory() []byte {
	b := slices.Concat(record(self, rootSector, sectorSize, m.modified), record(parent, rootSector, sectorSize, m.modified))
	for _, e := range m.extents {
		b = append(b, e.record...)
	}
	return pad(b)
}

func (m *image) write(w io.Writer) error {
	head := slices.Concat(make([]byte, systemSectors*sectorSize), m.descriptor(), terminator(),
		pathTable(binary.LittleEndian), pathTable(binary.BigEndian), m.root)
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, e := range m.extents {
		if err := e.copyTo(w); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	return nil
}

// copyTo writes a file and fills its last sector.
func (e extent) copyTo(w io.Writer) (err error) {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	n, err := io.Copy(w, io.LimitReader(r, e.Size+1))
	if err != nil {
		return err
	}
	if n != e.Size {
		return fmt.Errorf("it does not have the %d bytes it was announced with", e.Size)
	}
	_, err = w.Write(make([]byte, -n&(sectorSize-1)))
	return err
}
