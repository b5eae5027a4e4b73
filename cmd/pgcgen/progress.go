package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// patience is how long a command may take before it says what it is doing.
const patience = time.Second

// progress prints the steps of a command that takes long, and nothing of a quick one.
type progress struct {
	mu      sync.Mutex
	w       io.Writer
	timer   *time.Timer
	current string
	talking bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	p.timer = time.AfterFunc(patience, p.talk)
	return p
}

// step is told what begins now.
func (p *progress) step(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = what
	if p.talking {
		p.print()
	}
}

func (p *progress) talk() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.talking = true
	if p.current != "" {
		p.print()
	}
}

func (p *progress) print() { fmt.Fprintln(p.w, p.current+" ...") }

// stop ends it: nothing is printed afterwards.
func (p *progress) stop() {
	p.timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.w = io.Discard
}
