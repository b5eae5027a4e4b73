package topology

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/resolve"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
)

var update = flag.Bool("update", false, "rewrite the golden pictures")

func cluster(t *testing.T, text string) spec.Cluster {
	t.Helper()
	inv, problems := inventory.Read("inventory.yaml", []byte(text))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return resolve.Cluster(inv, resolve.Identity{})
}

const head = `cluster: main
platform: {os: debian-13}
postgresql: {version: 17}
`

func many(n int) string {
	var b strings.Builder
	b.WriteString(head + "nodes:\n")
	for i := range n {
		roles := "postgres, haproxy"
		if i < 9 {
			roles = "etcd"
		}
		fmt.Fprintf(&b, "  - {name: n%d, address: 10.77.%d.%d/16, interface: eth0, roles: [%s]}\n", i, i/250, i%250+1, roles)
	}
	return b.String()
}

func TestPictures(t *testing.T) {
	example, err := os.ReadFile("../../examples/ha-3/inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"ha-3":   string(example),
		"one":    head + "nodes: [{name: solo, address: 10.77.0.11/24, interface: eth0}]\n",
		"two-by": many(10),
	} {
		t.Run(name, func(t *testing.T) {
			got := SVG(cluster(t, text))
			golden := filepath.Join("testdata", name+".svg")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("picture differs (-want +got):\n%s", diff)
			}
			wellFormed(t, got)
		})
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTextIsEscaped(t *testing.T) {
	c := cluster(t, many(10))
	c.Name = `<a href="x">&`
	svg := SVG(c)
	wellFormed(t, svg)
	if bytes.Contains(svg, []byte("<a ")) {
		t.Error("a name became markup")
	}
}
