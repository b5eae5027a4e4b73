package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
)

// Bus is the Manager of the machine that this program runs on. It talks to systemd's own
// socket, which is there before and without a message bus and only for root, else to the
// system bus. It connects when it is first used and again when the connection breaks.
type Bus struct {
	journal Journal
	dial    func(context.Context) (connection, error)

	reloading sync.Mutex // systemd is told to reload once at a time
	mu        sync.Mutex // guards conn
	conn      connection
}

// connection is what Bus uses of go-systemd's.
type connection interface {
	StartUnitContext(ctx context.Context, unit, mode string, result chan<- string) (int, error)
	RestartUnitContext(ctx context.Context, unit, mode string, result chan<- string) (int, error)
	ReloadUnitContext(ctx context.Context, unit, mode string, result chan<- string) (int, error)
	StopUnitContext(ctx context.Context, unit, mode string, result chan<- string) (int, error)
	ResetFailedUnitContext(ctx context.Context, unit string) error
	EnableUnitFilesContext(ctx context.Context, files []string, runtime, force bool) (bool, []dbus.EnableUnitFileChange, error)
	MaskUnitFilesContext(ctx context.Context, files []string, runtime, force bool) ([]dbus.MaskUnitFileChange, error)
	ReloadContext(ctx context.Context) error
	GetAllPropertiesContext(ctx context.Context, unit string) (map[string]any, error)
	Connected() bool
	Close()
	// Lost is closed when the connection has ended.
	Lost() <-chan struct{}
}

// NewBus makes a Manager whose errors carry journal lines; journal may be nil.
func NewBus(journal Journal) *Bus { return &Bus{journal: journal, dial: connect} }

// Close ends the connection.
func (b *Bus) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil {
		b.conn.Close()
		b.conn = nil
	}
}

// connected returns a connection that works, as far as one can know beforehand.
func (b *Bus) connected(ctx context.Context) (connection, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil && b.conn.Connected() {
		return b.conn, nil
	}
	if b.conn != nil {
		b.conn.Close()
		b.conn = nil
	}
	conn, err := b.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot reach systemd: %w", err)
	}
	b.conn = conn
	return conn, nil
}

// call asks systemd something that is harmless to ask twice: a connection whose other end
// went away may look sound until it is used, and is then replaced once.
func (b *Bus) call(ctx context.Context, ask func(connection) error) error {
	for attempt := 1; ; attempt++ {
		conn, err := b.connected(ctx)
		if err != nil {
			return err
		}
		err = ask(conn)
		var answer godbus.Error
		if err == nil || errors.As(err, &answer) || ctx.Err() != nil {
			return err
		}
		b.drop(conn)
		if attempt == 2 {
			return fmt.Errorf("%w: %w", ErrDisconnected, err)
		}
	}
}

func (b *Bus) drop(conn connection) {
	conn.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn == conn {
		b.conn = nil
	}
}

type watched struct {
	*dbus.Conn
	lost <-chan struct{}
}

func (w watched) Lost() <-chan struct{} { return w.lost }

func connect(ctx context.Context) (connection, error) {
	conn, err := open(ctx, func(opts ...godbus.ConnOption) (*godbus.Conn, error) {
		return godbus.Dial("unix:path=/run/systemd/private", opts...)
	}, false)
	if err == nil {
		return conn, nil
	}
	conn, busErr := open(ctx, godbus.SystemBusPrivate, true)
	if busErr != nil {
		return nil, errors.Join(err, busErr)
	}
	return conn, nil
}

// open connects twice, as go-systemd wants it: one connection for calls, one for signals.
// They outlive ctx, which bounds only how long connecting may take.
func open(ctx context.Context, dial func(...godbus.ConnOption) (*godbus.Conn, error), hello bool) (connection, error) {
	life, end := context.WithCancel(context.Background())
	stop := context.AfterFunc(ctx, end)
	conn, err := dbus.NewConnection(func() (*godbus.Conn, error) {
		c, err := dial(godbus.WithContext(life))
		if err != nil {
			return nil, err
		}
		// Whichever breaks first ends both.
		context.AfterFunc(c.Context(), end)
		return c, greet(c, hello)
	})
	if err == nil && !stop() {
		err = context.Cause(ctx)
		conn.Close()
	}
	if err != nil {
		end()
		return nil, err
	}
	return watched{Conn: conn, lost: life.Done()}, nil
}

// greet names the user by number, which needs no look-up.
func greet(c *godbus.Conn, hello bool) error {
	err := c.Auth([]godbus.Auth{godbus.AuthExternal(strconv.Itoa(os.Geteuid()))})
	if err == nil && hello {
		err = c.Hello()
	}
	if err != nil {
		c.Close()
	}
	return err
}
