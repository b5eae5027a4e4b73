package cloudinit

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
)

// Limit is how much user-data a place takes.
type Limit struct {
	// Name is the target's: "aws".
	Name string
	// Bytes is the limit; 0 is none.
	Bytes int
	// Encoded says that base64 counts rather than what it encodes.
	Encoded bool
}

// Limits returns the known targets. Figures are those of the vendors' own documents, and
// user-data is taken to be sent compressed, which cloud-init undoes by itself.
func Limits() []Limit {
	return []Limit{
		{Name: "nocloud"},
		{Name: "aws", Bytes: 16_384},
		{Name: "azure", Bytes: 65_535},
		{Name: "openstack", Bytes: 65_535, Encoded: true},
		{Name: "gcp", Bytes: 262_144, Encoded: true},
		{Name: "vsphere", Bytes: 524_288, Encoded: true},
	}
}

// FindLimit returns the limit of a target.
func FindLimit(target string) (Limit, error) {
	var names []string
	for _, l := range Limits() {
		if l.Name == target {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return Limit{}, fmt.Errorf("cannot find target %q: known are %q", target, names)
}

// Check fails with the figures when user-data is too large for the target.
func (l Limit) Check(userData []byte) error {
	if l.Bytes == 0 {
		return nil
	}
	size, form := len(Compress(userData)), "compressed"
	if l.Encoded {
		size, form = Size(userData), "compressed and in base64"
	}
	if size > l.Bytes {
		return fmt.Errorf("user-data has %d bytes %s, and %s takes %d; "+
			"leave out packages or shorten settings", size, form, l.Name, l.Bytes)
	}
	return nil
}

// Size is what user-data weighs on its way to a machine: compressed, and in base64.
func Size(userData []byte) int {
	return base64.StdEncoding.EncodedLen(len(Compress(userData)))
}

// Compress is gzip -9 without name or time: same input, same bytes.
func Compress(data []byte) []byte {
	var b bytes.Buffer
	// Neither call can fail: the level is a valid constant and a buffer takes all.
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}
