package main

import (
	"bytes"
	"testing"
)

func TestQuickCommandsAreSilent(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.step("first")
	p.stop()
	if out.Len() > 0 {
		t.Errorf("a quick command says %q", out.String())
	}
}

func TestSlowCommandsTellTheStepTheyAreInAndThoseThatFollow(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.step("first")
	p.step("second")
	p.talk() // as the timer does
	p.step("third")
	p.stop()
	p.step("fourth")
	if want := "second ...\nthird ...\n"; out.String() != want {
		t.Errorf("progress is %q, want %q", out.String(), want)
	}
}
