package cloudinit

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// noise cannot be compressed.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

func TestSizeIsThatOfTheWire(t *testing.T) {
	data := bytes.Repeat([]byte("setting: value\n"), 1000)
	r, err := gzip.NewReader(bytes.NewReader(Compress(data)))
	if err != nil {
		t.Fatal(err)
	}
	back, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(back, data) {
		t.Errorf("it does not come back (%v)", err)
	}
	if !r.ModTime.IsZero() || r.Name != "" {
		t.Errorf("header has time %v and name %q", r.ModTime, r.Name)
	}
	if want := len(base64.StdEncoding.EncodeToString(Compress(data))); Size(data) != want {
		t.Errorf("size %d, want %d", Size(data), want)
	}
}

func TestLimits(t *testing.T) {
	for target, test := range map[string]struct{ fits, exceeds int }{
		"aws":       {16_300, 16_384}, // gzip adds about 30 bytes to noise
		"azure":     {65_400, 65_535},
		"openstack": {49_000, 49_152}, // three quarters of 65,535
		"gcp":       {196_400, 196_608},
		"vsphere":   {392_900, 393_216},
	} {
		limit, err := FindLimit(target)
		if err != nil {
			t.Fatal(err)
		}
		if err := limit.Check(noise(test.fits)); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		err = limit.Check(noise(test.exceeds))
		if err == nil || !strings.Contains(err.Error(), target+" takes ") {
			t.Errorf("%s: error %v", target, err)
		}
	}
}

func TestNoCloudHasNoLimit(t *testing.T) {
	limit, err := FindLimit("nocloud")
	if err != nil {
		t.Fatal(err)
	}
	if err := limit.Check(noise(1 << 20)); err != nil {
		t.Error(err)
	}
	if _, err := FindLimit("moon"); err == nil || !strings.Contains(err.Error(), "nocloud") {
		t.Errorf("unknown target: %v", err)
	}
}
