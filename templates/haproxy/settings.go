package haproxy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/pgcgen/pgcgen/templates/component"
)

// Settings are the ports and HAProxy's options under their upstream names. Times are in
// HAProxy's notation: "500ms", "2s", "24h".
type Settings struct {
	// Ports of the four services: direct to PostgreSQL, and pooled by PgBouncer.
	ReadWritePort       int `json:"readwrite_port,omitempty" yaml:"readwrite_port"`
	ReadOnlyPort        int `json:"readonly_port,omitempty" yaml:"readonly_port"`
	PooledReadWritePort int `json:"pooled_readwrite_port,omitempty" yaml:"pooled_readwrite_port"`
	PooledReadOnlyPort  int `json:"pooled_readonly_port,omitempty" yaml:"pooled_readonly_port"`
	// StatsPort is the statistics page, on the loopback interface only: it has no password.
	StatsPort int `json:"stats_port,omitempty" yaml:"stats_port"`
	// MaxConn is how many client connections are allowed in all.
	MaxConn int `json:"maxconn,omitempty" yaml:"maxconn"`
	// Balance is how readers are spread over replicas: leastconn, roundrobin, static-rr,
	// random, source or first.
	Balance string `json:"balance,omitempty" yaml:"balance"`
	// MaximumLag is how far behind the leader a replica may be and still be read from, in
	// Patroni's notation ("100MB").
	MaximumLag string `json:"maximum_lag,omitempty" yaml:"maximum_lag"`
	// Inter, FastInter and DownInter are the times between checks of a server that is up,
	// that changes, that is down; Rise and Fall how many must agree.
	Inter     string `json:"inter,omitempty" yaml:"inter"`
	FastInter string `json:"fastinter,omitempty" yaml:"fastinter"`
	DownInter string `json:"downinter,omitempty" yaml:"downinter"`
	Rise      int    `json:"rise,omitempty" yaml:"rise"`
	Fall      int    `json:"fall,omitempty" yaml:"fall"`
	// TimeoutCheck bounds the answer to a check.
	TimeoutCheck string `json:"timeout_check,omitempty" yaml:"timeout_check"`
	// TimeoutConnect bounds connecting to a server; TimeoutClient and TimeoutServer how long
	// a session may be idle: pools of applications keep sessions for hours.
	TimeoutConnect string `json:"timeout_connect,omitempty" yaml:"timeout_connect"`
	TimeoutClient  string `json:"timeout_client,omitempty" yaml:"timeout_client"`
	TimeoutServer  string `json:"timeout_server,omitempty" yaml:"timeout_server"`
	// HardStopAfter is how long sessions of before a reload may go on.
	HardStopAfter string `json:"hard_stop_after,omitempty" yaml:"hard_stop_after"`
}

type timing struct {
	inter, fast, down, check, connect string
	rise, fall                        int
}

// timings per profile. A server that is down is looked at often, because its coming up is
// what everyone waits for; each check is a TLS handshake, so emulated machines get few.
var timings = map[component.Profile]timing{
	component.ProfileFast: {"1s", "500ms", "1s", "2s", "4s", 1, 3},
	component.ProfileNorm: {"2s", "500ms", "1s", "3s", "4s", 1, 3},
	component.ProfileWide: {"3s", "1s", "2s", "5s", "10s", 2, 3},
	component.ProfileSlow: {"5s", "5s", "5s", "12s", "20s", 1, 3},
}

// WithDefaults fills what the inventory left out.
func (s Settings) WithDefaults(p component.Profile, _ component.Topology) Settings {
	t := timings[p]
	component.Default(&s.ReadWritePort, 15432)
	component.Default(&s.ReadOnlyPort, 15433)
	component.Default(&s.PooledReadWritePort, 16432)
	component.Default(&s.PooledReadOnlyPort, 16433)
	component.Default(&s.StatsPort, 7000)
	component.Default(&s.MaxConn, 4000)
	component.Default(&s.Balance, "leastconn")
	component.Default(&s.MaximumLag, "100MB")
	component.Default(&s.Inter, t.inter)
	component.Default(&s.FastInter, t.fast)
	component.Default(&s.DownInter, t.down)
	component.Default(&s.Rise, t.rise)
	component.Default(&s.Fall, t.fall)
	component.Default(&s.TimeoutCheck, t.check)
	component.Default(&s.TimeoutConnect, t.connect)
	component.Default(&s.TimeoutClient, "24h")
	component.Default(&s.TimeoutServer, "24h")
	component.Default(&s.HardStopAfter, "1h")
	return s
}

// Detects is how long it takes to see that a server that was down serves, not counting the
// checks themselves. Settings that Rules refuses give 0.
func (s Settings) Detects() time.Duration {
	inter, err := parseTime(s.DownInter)
	if err != nil {
		return 0
	}
	return inter * time.Duration(s.Rise)
}

var (
	timeFormat = regexp.MustCompile(`^([0-9]{1,9})(us|ms|s|m|h|d)?$`)
	timeUnits  = map[string]time.Duration{"us": time.Microsecond, "": time.Millisecond, "ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	// lagFormat is a size as Patroni's parse_int reads it.
	lagFormat = regexp.MustCompile(`^[0-9]{1,12}(B|kB|MB|GB|TB)?$`)
	balances  = []string{"leastconn", "roundrobin", "static-rr", "random", "source", "first"}
)

// parseTime reads HAProxy's notation (configuration manual, section 2.4).
func parseTime(s string) (time.Duration, error) {
	m := timeFormat.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a time", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, fmt.Errorf("%q is not a time: %w", s, err)
	}
	return time.Duration(n) * timeUnits[m[2]], nil
}

// longest is the largest timer of HAProxy: 2^31 milliseconds.
const longest = 24 * 24 * time.Hour

// rules are checked on settings that have their defaults.
func (s Settings) rules(component.Topology) []component.Problem {
	var out []component.Problem
	add := func(key, message, fix string) {
		out = append(out, component.Problem{Path: "haproxy." + key, Message: message, Fix: fix})
	}
	for _, v := range []struct{ key, value string }{
		{"inter", s.Inter}, {"fastinter", s.FastInter}, {"downinter", s.DownInter}, {"timeout_check", s.TimeoutCheck}, {"timeout_connect", s.TimeoutConnect},
		{"timeout_client", s.TimeoutClient}, {"timeout_server", s.TimeoutServer}, {"hard_stop_after", s.HardStopAfter},
	} {
		if d, err := parseTime(v.value); err != nil || d < time.Millisecond || d > longest {
			add(v.key, fmt.Sprintf("%q is not a time between 1ms and 24d", v.value), `use a number and a unit, as "500ms", "2s" or "24h"`)
		}
	}
	for _, v := range []struct {
		key   string
		value int
	}{{"rise", s.Rise}, {"fall", s.Fall}, {"maxconn", s.MaxConn}} {
		if v.value < 1 {
			add(v.key, fmt.Sprintf("%d is less than 1", v.value), "set it to at least 1")
		}
	}
	if !lagFormat.MatchString(s.MaximumLag) {
		add("maximum_lag", fmt.Sprintf("%q is not a size", s.MaximumLag), `use bytes or a unit, as "100MB"`)
	}
	if !slices.Contains(balances, s.Balance) {
		add("balance", fmt.Sprintf("%q is not a way to balance that suits connections", s.Balance), fmt.Sprintf("use one of %v", balances))
	}
	return out
}
