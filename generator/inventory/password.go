package inventory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

// minPassword is the shortest password that is accepted.
const minPassword = 12

// knownPasswords are constants that installers and their documentation have spread, and
// the long ones among the most used passwords, all in lower case.
var knownPasswords = []string{
	"supersecretpostgrespasswd", "repuserpasswd", "pgbouncer819mq", "test_pass", "test_password",
	"rewind_password", "replicator_password", "postgres_password", "zalando-stolon", "dbuser.replicator",
	"dbuser.monitor", "dbuser.dba", "patroni.api", "pgbouncer.admin", "postgrespassword", "postgres12345",
	"mysecretpassword", "administrator", "password1234", "password12345", "password123456", "passw0rd1234",
	"p@ssw0rd1234", "changeme1234", "changemechangeme", "letmeinletmein", "qwertyuiop123", "qwerty123456",
	"123456789012", "1234567890123", "12345678901234", "1q2w3e4r5t6y", "iloveyou1234", "adminadmin123",
	"adminadminadmin", "passwordpassword", "correcthorsebatterystaple", "correct horse battery staple",
}

// weak says why a given password is not acceptable, or "". It never quotes it. An empty
// password is one to be generated.
func weak(password component.Secret, user string) string {
	text := password.Reveal()
	lower := strings.ToLower(text)
	switch {
	case text == "":
		return ""
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		return "the password has characters that not all clients send alike"
	case len(text) < minPassword:
		return fmt.Sprintf("the password has %d characters and needs %d", len(text), minPassword)
	case slices.Contains(knownPasswords, lower):
		return "the password is a well-known one"
	case user != "" && strings.Trim(strings.ReplaceAll(lower, user, ""), "0123456789!._-") == "":
		return "the password is made of the user's name"
	case variety(lower) < 5:
		return "the password repeats a few characters"
	}
	return ""
}

// variety counts a text's different characters.
func variety(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}
