package inventory

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// every is a settings struct with each kind of field that a component may have.
type every struct {
	Text     string            `yaml:"text"`
	Flag     *bool             `yaml:"flag"`
	Byte     uint8             `yaml:"byte"`
	Ratio    float64           `yaml:"ratio"`
	Wait     time.Duration     `yaml:"wait"`
	Map      map[string]string `yaml:"map"`
	Any      map[string]any    `yaml:"any"`
	Lists    [][]int           `yaml:"lists"`
	Self     shout             `yaml:"self"`
	Untagged int
	Hidden   int      `yaml:"-"`
	Inlined2 inlined2 `yaml:",inline"`
}

type inlined2 struct {
	Deep int `yaml:"deep"`
}

type shout string

func (s *shout) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "" {
		return fmt.Errorf("say something")
	}
	*s = shout(strings.ToUpper(n.Value))
	return nil
}

func decodeEvery(t *testing.T, text string) (every, string) {
	t.Helper()
	r := newReader("f")
	root := r.parse([]byte(text))
	if root == nil {
		t.Fatal(r.problems)
	}
	var v every
	r.decode(root, &v)
	return v, r.problems.sorted().Error()
}

func TestDecodeEveryKind(t *testing.T) {
	got, problems := decodeEvery(t, `
text: "no"
flag: true
byte: 200
ratio: 1
wait: 1m30s
map: {a: 1, b: on, c: 1.50, d: text}
any: {n: 1, t: x, l: [1, {m: true}]}
lists: [[1], [], [2, 3]]
self: hi
untagged: 4
deep: 5
`)
	yes := true
	want := every{Text: "no", Flag: &yes, Byte: 200, Ratio: 1, Wait: 90 * time.Second,
		Map:   map[string]string{"a": "1", "b": "on", "c": "1.50", "d": "text"},
		Any:   map[string]any{"n": 1, "t": "x", "l": []any{1, map[string]any{"m": true}}},
		Lists: [][]int{{1}, {}, {2, 3}}, Self: "HI", Untagged: 4, Inlined2: inlined2{Deep: 5}}
	if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" || problems != "" {
		t.Errorf("decoded differs (-want +got):\n%s\n%s", diff, problems)
	}
}

func TestDecodeMismatches(t *testing.T) {
	for text, want := range map[string]string{
		"byte: 300":           "f:1:7: byte: the number 300 is out of range for a whole number",
		"byte: -1":            "f:1:7: byte: the number -1 is out of range for a whole number",
		"ratio: x":            `f:1:8: ratio: expected a number, got the text "x"`,
		"wait: 90":            "f:1:7: wait: expected a duration with its unit, as 10s, got the number 90",
		"map: {a: }":          "f:1:10: map.a: has no value; give text or remove the key",
		"map: [a]":            "f:1:6: map: expected a mapping of keys to values, got a list",
		"any: {a: }":          "f:1:10: any.a: has no value; give one or remove the key",
		"any: {a: !vault x}":  "",
		"lists: [1]":          "f:1:9: lists[0]: expected a list, got the number 1; write it as [a, b]",
		"self: ":              "f:1:6: self: say something",
		"text: !vault secret": "f:1:7: text: expected text, got a value with the tag !vault; put it in quotes",
		"hidden: 1":           "f:1:1: hidden: unknown key; known are any, byte, deep, flag, lists, map, ratio, self, text, untagged, wait",
		"? [a]\n: 1":          "f:1:3: a key must be text, and this is a list",
	} {
		if _, got := decodeEvery(t, text); got != want {
			t.Errorf("%q gives\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestAliasBombIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("any:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "  a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	_, problems := decodeEvery(t, b.String())
	if !strings.Contains(problems, "more than 100000 values") || strings.Count(problems, "\n") > 0 {
		t.Errorf("problems are %s", problems)
	}
}

func TestCyclesAreBounded(t *testing.T) {
	for _, text := range []string{"any: &a {b: *a}", "any: &a {l: [*a]}", "any: &a {<<: *a}", "any: &a {<<: [*a, *a]}"} {
		if _, problems := decodeEvery(t, text); !strings.Contains(problems, "itself") {
			t.Errorf("%s gives %q", text, problems)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"kitten", "sitting", 3}, {"", "abc", 3}, {strings.Repeat("a", 65), "a", 64}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// FuzzRead looks for input that makes the reader panic or hang, or that has problems
// outside of the file.
func FuzzRead(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("a: &a [*a]\n<<: {b: 1}\n? [x]\n: y"))
	f.Add([]byte("nodes: [{name: pg1, <<: [{roles: [etcd]}]}]\nvip: {address: 10.0.0.1/24}"))
	f.Add([]byte("postgresql: {users: [{password: a}], databases: [{owner: b}]}\npatroni: {parameters: {a: 1}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, problems := Read("f", data)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
	})
}
