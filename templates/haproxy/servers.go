package haproxy

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Server is a line of HAProxy's "show stat" about a server.
type Server struct {
	Backend, Name, Status string
	// LastCheck is HAProxy's word for the latest check's outcome, as L7OK.
	LastCheck string
}

// Up reports whether HAProxy sends clients to the server.
func (s Server) Up() bool { return strings.HasPrefix(s.Status, "UP") }

// Servers asks HAProxy through its stats socket (management guide, section 9).
func Servers(ctx context.Context, socket string) ([]Server, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("cannot reach HAProxy: %w", err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, fmt.Errorf("cannot ask HAProxy: %w", err)
	}
	if _, err := io.WriteString(conn, "show stat -1 4 -1\n"); err != nil {
		return nil, fmt.Errorf("cannot ask HAProxy: %w", err)
	}
	return parse(conn)
}

// parse reads CSV whose first line names the columns behind a "# ".
func parse(r io.Reader) ([]Server, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	rows, err := c.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("cannot read HAProxy's statistics: %w", err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("cannot read HAProxy's statistics: no answer")
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[strings.TrimPrefix(name, "# ")] = i
	}
	for _, name := range []string{"pxname", "svname", "status", "check_status"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("cannot read HAProxy's statistics: no column %s", name)
		}
	}
	var out []Server
	for _, row := range rows[1:] {
		if len(row) > column["check_status"] {
			out = append(out, Server{row[column["pxname"]], row[column["svname"]], row[column["status"]], row[column["check_status"]]})
		}
	}
	return out, nil
}
