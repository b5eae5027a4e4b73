package netns

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pgcgen/pgcgen/lab/command"
)

// cut is a direction in which no frame passes; everywhere stands for every other port and
// the bridge itself.
type cut struct{ from, to string }

const everywhere = ""

// Partition drops every frame between the hosts on one side and those on the other, in
// both directions. Hosts on neither side, such as the client, still reach both. Partitions
// add up until Heal, and outlive a power cycle of the hosts.
func (n *Network) Partition(ctx context.Context, one, other []string) error {
	var cuts []cut
	for _, a := range one {
		for _, b := range other {
			cuts = append(cuts, cut{a, b}, cut{b, a})
		}
	}
	return n.sever(ctx, cuts...)
}

// PartitionOneWay drops what one side sends to the other and lets the answers pass: the
// half-broken link of a bad cable or a firewall rule.
func (n *Network) PartitionOneWay(ctx context.Context, from, to []string) error {
	var cuts []cut
	for _, a := range from {
		for _, b := range to {
			cuts = append(cuts, cut{a, b})
		}
	}
	return n.sever(ctx, cuts...)
}

// Isolate drops every frame to and from hosts: clients and the gateway are cut off too.
func (n *Network) Isolate(ctx context.Context, hosts ...string) error {
	var cuts []cut
	for _, h := range hosts {
		cuts = append(cuts, cut{h, everywhere}, cut{everywhere, h})
	}
	return n.sever(ctx, cuts...)
}

// Heal ends every partition and isolation.
func (n *Network) Heal(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cuts)
	return n.apply(ctx)
}

func (n *Network) sever(ctx context.Context, cuts ...cut) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range cuts {
		n.cuts[c] = true
	}
	return n.apply(ctx)
}

// apply replaces the bridge's filter in one transaction of the kernel.
func (n *Network) apply(ctx context.Context) error {
	rules := ruleset(slices.Collect(maps.Keys(n.cuts)))
	if err := command.Input(ctx, rules, "nsenter", "--net="+n.Path(), "nft", "-f", "-"); err != nil {
		return fmt.Errorf("cannot change the lab's faults: %w", err)
	}
	return nil
}

// ruleset renders cuts for nft(8). Rules match port names, not addresses, so that they also
// catch broadcasts (ARP, gratuitous or not) and a virtual IP address wherever it lives, and
// hold for a port that is made again.
func ruleset(cuts []cut) string {
	var forward, input, output []string
	for _, c := range cuts {
		switch {
		case c.to == everywhere:
			drop := fmt.Sprintf("iifname %q drop", Port(c.from))
			forward, input = append(forward, drop), append(input, drop)
		case c.from == everywhere:
			drop := fmt.Sprintf("oifname %q drop", Port(c.to))
			forward, output = append(forward, drop), append(output, drop)
		default:
			forward = append(forward, fmt.Sprintf("iifname %q oifname %q drop", Port(c.from), Port(c.to)))
		}
	}
	var b strings.Builder
	// Naming the table first makes the deletion succeed when there is none yet.
	b.WriteString("table bridge lab\ndelete table bridge lab\ntable bridge lab {\n")
	for _, chain := range []struct {
		hook  string
		rules []string
	}{{"forward", forward}, {"input", input}, {"output", output}} {
		slices.Sort(chain.rules)
		fmt.Fprintf(&b, "\tchain %s {\n\t\ttype filter hook %s priority 0; policy accept;\n", chain.hook, chain.hook)
		for _, rule := range chain.rules {
			b.WriteString("\t\t" + rule + "\n")
		}
		b.WriteString("\t}\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// ErrNoNetem means that the host's kernel cannot delay packets.
var ErrNoNetem = errors.New("this kernel has no netem queueing discipline (CONFIG_NET_SCH_NETEM)")

// Slow delays every frame that reaches a host by the given time, until the host's next
// power-on. It fails with ErrNoNetem on a kernel without netem(8).
func (n *Network) Slow(ctx context.Context, host string, delay time.Duration) error {
	err := command.Run(ctx, "tc", "-netns", n.Name, "qdisc", "replace", "dev", Port(host), "root",
		"netem", "delay", fmt.Sprintf("%dus", delay.Microseconds()))
	if err != nil && strings.Contains(err.Error(), "qdisc kind is unknown") {
		err = ErrNoNetem
	}
	if err != nil {
		return fmt.Errorf("cannot slow %s: %w", host, err)
	}
	return nil
}
