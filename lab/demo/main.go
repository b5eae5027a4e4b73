// Command demo boots an out/ on this machine, says how to connect to it, and takes it down
// again when it is interrupted. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pgcgen/pgcgen/lab"
	"github.com/pgcgen/pgcgen/lab/cluster"
	"github.com/pgcgen/pgcgen/lab/image"
)

func main() {
	out := flag.String("o", "out", "the folder that pgcgen built")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx, *out); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, out string) (err error) {
	layers, err := layers(ctx, out)
	if err != nil {
		return err
	}
	c, err := cluster.Open(ctx, "pgcdemo", out, func(string) []string { return layers })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	began := time.Now()
	fmt.Fprintf(os.Stderr, "booting %d machines; Ctrl-C takes them down\n", len(c.Machines))
	if err := c.PowerOn(ctx); err != nil {
		return err
	}
	for _, m := range c.Machines {
		if err := healthy(ctx, m); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s is healthy after %.1f s\n", m.Name(), time.Since(began).Seconds())
	}
	explain(c)
	<-ctx.Done()
	fmt.Fprintln(os.Stderr, "taking the machines down")
	return nil
}

// layers makes the image of the out/'s platform with its own nodeinit.
func layers(ctx context.Context, out string) ([]string, error) {
	platform, err := cluster.Platform(out)
	if err != nil {
		return nil, err
	}
	spec, err := image.Golden(platform.Codename)
	if err != nil {
		return nil, err
	}
	store := image.Default()
	base, err := store.Base(ctx, spec)
	if err != nil {
		return nil, err
	}
	deb, err := cluster.Deb(out)
	if err != nil {
		return nil, err
	}
	layer, err := store.Layer(ctx, []string{base}, deb)
	return []string{layer, base}, err
}

// healthy waits for one machine, asking again while it boots.
func healthy(ctx context.Context, m lab.Machine) error {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		result, err := m.Exec(ctx, "nodeinit", "wait", "--timeout", "5m")
		if err == nil && result.Code == 0 {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// explain prints how to look at the cluster from this machine.
func explain(c *cluster.Cluster) {
	vip, enter := c.Spec.VIP.Address.Addr(), "nsenter --net="+c.Lab.Client.Path()
	fmt.Printf("\nThe cluster is healthy. In another terminal, as root:\n\n")
	for _, u := range c.Spec.PostgreSQL.Users {
		fmt.Printf("  %s psql 'host=%s port=%d user=%s dbname=%s sslmode=verify-full sslrootcert=%s'\n",
			enter, vip, c.Spec.Settings.HAProxy.ReadWritePort, u.Name, database(c, u.Name), c.Out.Authority("postgres"))
	}
	fmt.Printf("\nbin/pgcgen secrets prints the passwords. Ctrl-C here takes everything down.\n")
}

// database is one that the user owns, or the one that is always there.
func database(c *cluster.Cluster, user string) string {
	for _, d := range c.Spec.PostgreSQL.Databases {
		if d.Owner == user {
			return d.Name
		}
	}
	return "postgres"
}
