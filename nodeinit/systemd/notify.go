package systemd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// NotifyReady tells systemd that this service has started: sd_notify(3). Without a service
// manager to tell, this and the other notifications do nothing; none that is lost matters.
func NotifyReady() { notify(daemon.SdNotifyReady) }

// NotifyStatus sets the line that systemctl status shows for this service.
func NotifyStatus(text string) {
	// A line break would begin another message.
	notify("STATUS=" + strings.Join(strings.Fields(text), " "))
}

// NotifyStopping tells systemd that this service is about to end.
func NotifyStopping() { notify(daemon.SdNotifyStopping) }

// KeepAlive tells systemd's watchdog of this service, twice per WatchdogSec=, that it lives,
// as long as alive says so. It returns when ctx ends, or at once when nobody watches.
func KeepAlive(ctx context.Context, alive func() bool) error {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("cannot keep the watchdog quiet: %w", err)
	}
	if limit == 0 {
		return nil
	}
	ticks := time.NewTicker(limit / 2)
	defer ticks.Stop()
	for {
		if alive() {
			notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func notify(message string) { _, _ = daemon.SdNotify(false, message) }
