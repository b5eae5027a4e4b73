package packages

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// progress reads what apt writes to APT::Status-Fd (its README.progress-reporting), one line
// at a time: "pmstatus:patroni:41.6:Unpacking patroni (amd64)".
type progress struct {
	tell func(string)
	rest []byte
	last string
}

func (p *progress) Write(data []byte) (int, error) {
	p.rest = append(p.rest, data...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(data), nil
		}
		p.rest = rest
		p.line(string(line))
	}
}

func (p *progress) line(line string) {
	fields := strings.SplitN(line, ":", 4)
	if len(fields) < 4 {
		return
	}
	percent, err := strconv.ParseFloat(fields[2], 64)
	if err != nil {
		return
	}
	var text string
	switch fields[0] {
	case "dlstatus":
		text = "downloading packages"
	case "pmstatus":
		text = "installing packages"
	default:
		return
	}
	text = fmt.Sprintf("%s, %d %%", text, int(percent)/10*10)
	if text != p.last {
		p.last = text
		p.tell(text)
	}
}
