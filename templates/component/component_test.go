package component_test

import (
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
)

func TestAtLeast(t *testing.T) {
	for _, tt := range []struct {
		version, floor string
		want           bool
	}{
		{"3.5.16", "3.5.5", true},
		{"3.5.5", "3.5.16", false},
		{"3.4.23", "3.5", false},
		{"4.0.4", "4", true},
		{"4", "4.0.7", false},
		{"10.0", "9.9.9", true},
		{"3.4.23-4+b4", "3.4.23", true},
		{"4.1.0rc1", "4.1.0", true},
		{"", "3.4", false},
		{"not a version", "1", false},
	} {
		if got := component.AtLeast(tt.version, tt.floor); got != tt.want {
			t.Errorf("%q is at least %q: %v, want %v", tt.version, tt.floor, got, tt.want)
		}
	}
}

func TestDefaultKeepsWhatIsSet(t *testing.T) {
	set, unset := 5, 0
	component.Default(&set, 7)
	component.Default(&unset, 7)
	if set != 5 || unset != 7 {
		t.Errorf("set %d, unset %d", set, unset)
	}
}

// TestValuesStayInTheirPlace: what a template guards cannot end its line, begin another
// or become several words.
func TestValuesStayInTheirPlace(t *testing.T) {
	words := component.Template("a.conf", "key {{word .}}\n")
	texts := component.Template("a.conf", "key {{text .}}\n")
	for value, want := range map[any][2]bool{
		"plain":                   {true, true},
		5432:                      {true, true},
		"10.77.0.11":              {true, true},
		"two words":               {false, true},
		"":                        {false, true},
		"line\nother = 1":         {false, false},
		"line\rother = 1":         {false, false},
		"nul\x00":                 {false, false},
		"; comment":               {false, true},
		"#comment":                {false, true},
		`quo"te`:                  {false, true},
		"brace}":                  {false, true},
		"unicode\u2028separator":  {false, true},
		"next\u0085line other=1":  {false, false},
		"$(touch /tmp/expansion)": {false, true},
	} {
		_, asWord := component.Render(words, value)
		_, asText := component.Render(texts, value)
		if got := [2]bool{asWord == nil, asText == nil}; got != want {
			t.Errorf("%q as a word and as text: %v, want %v", value, got, want)
		}
	}
}

func TestMissingKeyIsAnError(t *testing.T) {
	_, err := component.Render(component.Template("a.conf", "key {{.absent}}\n"), map[string]string{})
	if err == nil || !strings.Contains(err.Error(), "a.conf") {
		t.Errorf("got %v", err)
	}
}

func TestYAMLKeepsValuesWhole(t *testing.T) {
	data, err := component.YAML(map[string]string{"mode": "off", "hba": "local all all peer\nhost all all 0.0.0.0/0 trust"})
	if err != nil {
		t.Fatal(err)
	}
	want := "hba: |-\n  local all all peer\n  host all all 0.0.0.0/0 trust\nmode: \"off\"\n"
	if !strings.HasSuffix(string(data), want) {
		t.Errorf("got\n%s", data)
	}
}

func TestUnitFile(t *testing.T) {
	units, err := component.Service("pgc-a.service", "A", "network.target", component.ChangeReload, []component.Setting{{Key: "ExecStart", Value: "/bin/a"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n[Unit]\nDescription=A\n", "\n[Service]\nExecStart=/bin/a\n", "\nNoNewPrivileges=yes\n", "\nStartLimitIntervalSec=0\n", "\n[Install]\nWantedBy=multi-user.target\n"} {
		if !strings.Contains(string(units[0].Content), want) {
			t.Errorf("no %q in\n%s", want, units[0].Content)
		}
	}
	for _, bad := range []component.Setting{{Key: "ExecStart", Value: "/bin/a\nUser=root"}, {Key: "A=1\nUser", Value: "root"}, {Key: "ExecStart", Value: "/bin/a\rUser=root"}, {Key: "ExecStart", Value: "a\x00"}} {
		if _, err := component.Service("pgc-a.service", "A", "network.target", component.ChangeReload, []component.Setting{bad}); err == nil {
			t.Errorf("%q was rendered", bad)
		}
	}
}
