// Package topology draws a cluster as an SVG picture: who connects to what, on which port.
//
// The picture is plain boxes and arrows of SVG 1.1 without scripts, links or fonts of its
// own. Its greys read on white and on black, and the same cluster gives the same bytes.
package topology

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

// All measures are in pixels.
const (
	margin     = 24
	boxWidth   = 264
	boxGap     = 28
	lineHeight = 18
	padding    = 12
	rowGap     = 48
	perRow     = 4
	wideWidth  = 380
)

// SVG draws a cluster.
func SVG(c spec.Cluster) []byte {
	cols := max(min(len(c.Nodes), perRow), 2)
	p := &picture{width: 2*margin + cols*boxWidth + (cols-1)*boxGap}
	p.y = margin + lineHeight
	p.text(p.width/2, p.y, "title", fmt.Sprintf("%s: PostgreSQL %d on %s", c.Name, c.PostgreSQL.Version, c.OS))
	p.y += lineHeight
	entry := p.clients(c)
	for row := range slices.Chunk(c.Nodes, perRow) {
		p.nodes(c, row, entry)
	}
	p.y += padding + lineHeight
	for _, line := range captions(c) {
		p.text(p.width/2, p.y, "note", line)
		p.y += lineHeight
	}
	return p.document(c)
}

// clients draws who comes from outside, and the virtual address they come to. It returns
// the height at which the arrows to the nodes begin.
func (p *picture) clients(c spec.Cluster) int {
	h := c.Settings.HAProxy
	ports := fmt.Sprintf("%d read-write, %d read-only", h.ReadWritePort, h.ReadOnlyPort)
	pooled := fmt.Sprintf("pooled: %d read-write, %d read-only", h.PooledReadWritePort, h.PooledReadOnlyPort)
	left := (p.width - wideWidth) / 2
	bottom := p.box(left, p.y, wideWidth, "client", []string{"Clients", ports, pooled})
	if c.VIP.Set() {
		p.arrow(p.width/2, bottom, p.width/2, bottom+rowGap/2)
		lines := []string{"Virtual address " + c.VIP.Address.Addr().String(), "follows the " + string(c.VIP.Follow)}
		if c.VIP.Name != "" {
			lines[1] = c.VIP.Name + ", " + lines[1]
		}
		bottom = p.box(left, bottom+rowGap/2, wideWidth, "vip", lines)
	}
	p.y = bottom
	return bottom
}

// nodes draws one row of machines, with arrows into those that clients may reach. Rows
// below the first are fed by a rail at the left edge.
func (p *picture) nodes(c spec.Cluster, row []component.Node, entry int) {
	bus, top := p.y+rowGap/2, p.y+rowGap
	feed := p.width / 2
	if p.y != entry {
		feed = margin / 2
		p.line(p.width/2, entry+rowGap/2, feed, entry+rowGap/2)
	}
	bottom := top
	for i, n := range row {
		x := margin + i*(boxWidth+boxGap)
		bottom = max(bottom, p.box(x, top, boxWidth, "node", describe(c, n)))
		if reachable(c, n) {
			p.line(feed, min(entry+rowGap/2, bus), feed, bus)
			p.line(feed, bus, x+boxWidth/2, bus)
			p.arrow(x+boxWidth/2, bus, x+boxWidth/2, top)
		}
	}
	if p.y == entry {
		p.line(p.width/2, entry, p.width/2, bus)
	}
	p.y = bottom
}

// reachable reports whether clients get to a node by the virtual address, or where there
// is none, by its proxy.
func reachable(c spec.Cluster, n component.Node) bool {
	if c.VIP.Set() {
		return n.Has(component.RoleKeepalived)
	}
	return n.Has(component.RoleHAProxy)
}

// describe lists what runs on a node, from the clients' side inwards.
func describe(c spec.Cluster, n component.Node) []string {
	s := c.Settings
	lines := []string{n.Name, n.Address.String()}
	if n.Has(component.RoleKeepalived) {
		lines = append(lines, "keepalived")
	}
	if n.Has(component.RoleHAProxy) {
		lines = append(lines, fmt.Sprintf("HAProxy %d %d %d %d", s.HAProxy.ReadWritePort, s.HAProxy.ReadOnlyPort, s.HAProxy.PooledReadWritePort, s.HAProxy.PooledReadOnlyPort))
	}
	if n.Has(component.RolePostgres) {
		lines = append(lines, fmt.Sprintf("PgBouncer %d", s.PgBouncer.ListenPort),
			fmt.Sprintf("PostgreSQL %d, Patroni %d", s.Patroni.PostgreSQLPort, s.Patroni.RestAPIPort))
	}
	if n.Has(component.RoleEtcd) {
		lines = append(lines, fmt.Sprintf("etcd %d, peers %d", s.Etcd.ClientPort, s.Etcd.PeerPort))
	}
	return lines
}

func captions(c spec.Cluster) []string {
	lines := []string{"Every proxy reaches every PostgreSQL and PgBouncer; PostgreSQL replicates from the leader."}
	members := c.With(component.RoleEtcd)
	var names []string
	for i, n := range members {
		if i == perRow*2 {
			names = append(names, fmt.Sprintf("%d more", len(members)-i))
			break
		}
		names = append(names, n.Name)
	}
	return append(lines, fmt.Sprintf("etcd decides who leads: %s; %d of %d must agree.", strings.Join(names, ", "), len(members)/2+1, len(members)))
}

func (p *picture) document(c spec.Cluster) []byte {
	var b bytes.Buffer
	height := p.y + margin/2
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n",
		p.width, height, p.width, height, escape("Topology of the cluster "+c.Name))
	b.WriteString(style)
	b.Write(p.body.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}
