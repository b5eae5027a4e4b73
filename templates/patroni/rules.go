package patroni

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pgcgen/pgcgen/templates/component"
)

func (s Settings) rules(t component.Topology) []component.Problem {
	var out []component.Problem
	add := func(key, message, fix string) {
		out = append(out, component.Problem{Path: "patroni." + key, Message: message, Fix: fix})
	}
	if s.TTL < 20 {
		add("ttl", fmt.Sprintf("%d s is less than Patroni's minimum of 20 s", s.TTL), "set it to at least 20")
	}
	if s.LoopWait < 1 {
		add("loop_wait", fmt.Sprintf("%d s is less than Patroni's minimum of 1 s", s.LoopWait), "set it to at least 1")
	}
	if s.RetryTimeout < 3 {
		add("retry_timeout", fmt.Sprintf("%d s is less than Patroni's minimum of 3 s", s.RetryTimeout), "set it to at least 3")
	}
	if need := s.LoopWait + 2*s.RetryTimeout; need > s.TTL {
		add("ttl", fmt.Sprintf("%d s is less than loop_wait + 2*retry_timeout = %d s: a slow etcd would cost the leader its lock", s.TTL, need),
			fmt.Sprintf("set it to at least %d, or choose a timing profile", need))
	}
	for i, line := range s.PgHBA {
		if wrong, warning := hbaProblem(line); wrong != "" {
			out = append(out, component.Problem{Path: fmt.Sprintf("patroni.pg_hba[%d]", i), Message: wrong,
				Fix: "write hostssl DATABASE USER ADDRESS scram-sha-256", Warning: warning})
		}
	}
	if n := len(t.With(component.RolePostgres)); n == 0 {
		out = append(out, component.Problem{Path: "nodes", Message: "no node has the role postgres", Fix: "give it to at least one node"})
	}
	return out
}

// hbaTypes are the connections that a line of pg_hba.conf is about (PostgreSQL
// documentation, The pg_hba.conf File), and whether they are protected from listeners.
var hbaTypes = map[string]bool{"local": true, "hostssl": true, "hostgssenc": true, "host": false, "hostnossl": false, "hostnogssenc": false}

// hbaProblem says what is wrong with a line that the inventory adds to pg_hba.conf, and
// whether that is only a warning. The first four fields are type, database, user and
// address (or, for local, method).
func hbaProblem(line string) (wrong string, warning bool) {
	fields := strings.Fields(line)
	if strings.ContainsFunc(line, unicode.IsControl) || len(fields) < 4 {
		return "is not one rule", false
	}
	protected, known := hbaTypes[fields[0]]
	switch {
	case !known:
		return fmt.Sprintf("begins with %q, which is no kind of connection", fields[0]), false
	case slices.Contains(fields[3:], "trust"):
		return "lets clients in without proof of who they are (trust)", false
	case !protected || slices.Contains(fields[3:], "password"):
		return "lets passwords or data be read on their way", true
	}
	return "", false
}
