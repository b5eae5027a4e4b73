package topology

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

const style = `<style>
text { font-family: sans-serif; font-size: 13px; text-anchor: middle; }
.title { font-size: 17px; font-weight: bold; fill: #808890; }
.note { font-size: 12px; fill: #808890; }
.name { font-weight: bold; fill: #1c2127; }
.line { fill: #3b434b; }
rect { stroke: #808890; stroke-width: 1.2; }
.client { fill: #eceff2; }
.vip { fill: #fbeecb; }
.node { fill: #dcebfa; }
path { stroke: #808890; stroke-width: 1.4; fill: none; }
.head { fill: #808890; stroke: none; }
</style>
`

// picture is what has been drawn, and how far down it goes.
type picture struct {
	body  bytes.Buffer
	width int
	y     int
}

// box draws lines of text in a frame, the first one bold, and returns where it ends.
func (p *picture) box(x, y, width int, class string, lines []string) int {
	height := 2*padding + len(lines)*lineHeight - 4
	fmt.Fprintf(&p.body, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="6"/>`+"\n", class, x, y, width, height)
	for i, line := range lines {
		kind := "line"
		if i == 0 {
			kind = "name"
		}
		p.text(x+width/2, y+padding+i*lineHeight+12, kind, line)
	}
	return y + height
}

func (p *picture) text(x, y int, class, content string) {
	fmt.Fprintf(&p.body, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, escape(content))
}

func (p *picture) line(x1, y1, x2, y2 int) {
	if x1 != x2 || y1 != y2 {
		fmt.Fprintf(&p.body, `<path d="M%d %dL%d %d"/>`+"\n", x1, y1, x2, y2)
	}
}

// arrow draws a line downwards that ends in a head.
func (p *picture) arrow(x1, y1, x2, y2 int) {
	p.line(x1, y1, x2, y2-6)
	fmt.Fprintf(&p.body, `<path class="head" d="M%d %dl-5 -8h10z"/>`+"\n", x2, y2)
}

func escape(text string) string {
	var b bytes.Buffer
	// A buffer takes everything, so there is no error to have.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
