// Command nodeinit brings a machine up as its spec says.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:]))
}

// execute runs one command line and returns its exit code: 0 done, 1 failed or unhealthy,
// 2 wrong usage.
func execute(ctx context.Context, args []string) int {
	root := newRootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code, silent := classify(err)
	if !silent {
		fmt.Fprintln(os.Stderr, "nodeinit:", err)
	}
	return code
}
