package output

import (
	"fmt"
	"path/filepath"
	"testing"
)

func BenchmarkThousandNodes(b *testing.B) {
	out := filepath.Join(b.TempDir(), "out")
	data := make([]byte, 20_000)
	for b.Loop() {
		s, err := NewStage(out)
		if err != nil {
			b.Fatal(err)
		}
		for n := range 1000 {
			node := fmt.Sprintf("pg%d", n)
			for _, name := range []string{Layout("").UserData(node), Layout("").MetaData(node), Layout("").NetworkConfig(node), Layout("").Seed(node)} {
				if err := s.WriteFile(name, data); err != nil {
					b.Fatal(err)
				}
			}
		}
		if _, err := s.Commit(Info{Version: "1"}); err != nil {
			b.Fatal(err)
		}
	}
}
