package component

import (
	"strconv"
	"strings"
)

// AtLeast reports whether an upstream version is at least another: "3.5.16" against
// "3.5.5". What follows the numbers of a version is ignored.
func AtLeast(version, floor string) bool {
	have, want := numbers(version), numbers(floor)
	for i := range want {
		if i >= len(have) || have[i] != want[i] {
			return i < len(have) && have[i] > want[i]
		}
	}
	return true
}

func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
		if end >= 0 {
			part = part[:end]
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return out
		}
		out = append(out, n)
	}
	return out
}
