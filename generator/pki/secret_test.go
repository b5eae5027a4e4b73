package pki

import (
	"bytes"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/xdg-go/scram"

	"github.com/pgcgen/pgcgen/templates/component"
)

// The exchange of RFC 7677 section 3 proves StoredKey and ServerKey for this salt; the
// keys themselves were computed from it with Python's hashlib.
func TestScramKnownVector(t *testing.T) {
	salt := []byte{0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81}
	const want = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$" +
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	if got := must(Scram("pencil", salt, 4096))(t); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestScramAgreesWithAnotherImplementation(t *testing.T) {
	for _, password := range []string{"x", "pa ss'word\\~", strings.Repeat("long", 100)} {
		client, err := scram.SHA256.NewClient("app", password, "")
		if err != nil {
			t.Fatal(err)
		}
		salt := []byte("sixteen bytes :)")
		stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: 4096})
		if err != nil {
			t.Fatal(err)
		}
		got := must(Scram(component.Secret(password), salt, 4096))(t)
		for _, part := range []string{string(stored.StoredKey), string(stored.ServerKey)} {
			if encoded := must(json.Marshal([]byte(part)))(t); !strings.Contains(got, strings.Trim(string(encoded), `"`)) {
				t.Errorf("%q: %s lacks %s", password, got, encoded)
			}
		}
	}
}

func TestVerifierIsStableUntilThePasswordChanges(t *testing.T) {
	s := open(t, config(t, newClock()))
	first := must(s.Verifier("app", "one"))(t)
	s = reopen(t, s)
	if again := must(s.Verifier("app", "one"))(t); again != first || s.Changed() {
		t.Error("the verifier of the same password changed")
	}
	second := must(s.Verifier("app", "two"))(t)
	if second == first || strings.Split(second, "$")[1] == strings.Split(first, "$")[1] {
		t.Error("another password kept the verifier or its salt")
	}
	s.file.Verifiers["app"] = "SCRAM-SHA-256$4096:!$x:y"
	if repaired := must(s.Verifier("app", "two"))(t); !fits(repaired, "two") {
		t.Error("an unreadable verifier was not replaced")
	}
}

func TestPasswordsThatDependOnTheClientAreRefused(t *testing.T) {
	s := open(t, config(t, newClock()))
	for _, password := range []component.Secret{"", "pässword", "tab\tbed", "nul\x00", "del\x7f"} {
		_, err := s.Verifier("app", password)
		if err == nil || !strings.Contains(err.Error(), "app") {
			t.Errorf("%q: %v", password.Reveal(), err)
		} else if text := password.Reveal(); text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error quotes the password: %v", err)
		}
	}
}

func TestGeneratedPasswords(t *testing.T) {
	s := open(t, config(t, newClock()))
	one, two := must(s.Password("one"))(t), must(s.Password("two"))(t)
	if len(one.Reveal()) != 26 || one == two || strings.Trim(one.Reveal(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("passwords of %d and %d characters", len(one.Reveal()), len(two.Reveal()))
	}
	if CheckPassword(one) != nil {
		t.Error("a generated password is refused")
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	key := must(newKey(config(t, newClock()).Random))(t)
	k := must(EncodeKey(key))(t)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("leaf", "key", k)
	l := Leaf{Name: "pg1/etcd", Key: k}
	encoded := must(json.Marshal(l))(t)
	texts := []string{log.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, k), fmt.Sprintf(verb, l))
	}
	for _, text := range texts {
		if !strings.Contains(text, "[redacted]") || strings.Contains(text, fmt.Sprintf("%x", k.Reveal()[:4])) {
			t.Errorf("shown: %s", text)
		}
	}
	back := must(DecodeKey(k.Reveal()))(t)
	if !back.Equal(key) || len(k) != 32 {
		t.Errorf("a key of %d bytes did not come back", len(k))
	}
}

func TestKeyErrors(t *testing.T) {
	for _, raw := range [][]byte{nil, make([]byte, 31), make([]byte, 32), bytes.Repeat([]byte{0xff}, 32)} {
		if _, err := DecodeKey(raw); err == nil {
			t.Errorf("%x was accepted", raw)
		}
	}
	key := must(newKey(config(t, newClock()).Random))(t)
	key.Curve = elliptic.P384()
	if _, err := EncodeKey(key); err == nil || !strings.Contains(err.Error(), "P-384") {
		t.Errorf("a key of another curve: %v", err)
	}
	if _, err := newKey(zeros{}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("a reader of zeros: %v", err)
	}
	conf := config(t, newClock())
	conf.Random = iotest.ErrReader(errors.New("no entropy"))
	if _, err := Open(conf); err == nil || !strings.Contains(err.Error(), "no entropy") {
		t.Errorf("a failing reader: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
