package hosttest

import (
	"io/fs"
	"os"
	"sync"
	"syscall"
)

// Ownership pretends to change owners, for tests that do not run as root. What it was not
// told belongs to root.
type Ownership struct {
	mu     sync.Mutex
	owners map[uint64][2]int
}

// Owner implements host.Ownership.
func (o *Ownership) Owner(info fs.FileInfo) (uid, gid int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ids := o.owners[inode(info)]
	return ids[0], ids[1]
}

// Chown implements host.Ownership.
func (o *Ownership) Chown(f *os.File, uid, gid int) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owners == nil {
		o.owners = map[uint64][2]int{}
	}
	o.owners[inode(info)] = [2]int{uid, gid}
	return nil
}

func inode(info fs.FileInfo) uint64 {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return st.Ino
}
