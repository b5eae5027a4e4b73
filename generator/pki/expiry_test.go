package pki

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExpiryReport(t *testing.T) {
	c := newClock()
	s := open(t, config(t, c))
	issue(t, newAuthority(t, s), request())
	c.at = c.at.Add(734 * day) // 89 days before the end
	s = reopen(t, s)
	a := newAuthority(t, s)
	issue(t, a, request())
	fresh := request()
	fresh.Name = "pg2/etcd"
	issue(t, a, fresh)

	var got []string
	for _, e := range a.Expiry() {
		if e.Soon {
			got = append(got, e.String())
		}
	}
	want := []string{"certificate pg1/etcd expires in 89 days, on 2029-06-02"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	var names []string
	for _, e := range a.Expiry() {
		names = append(names, e.Name)
	}
	if diff := cmp.Diff([]string{"pg1/etcd", "pg2/etcd", "authority etcd"}, names); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestAuthorityInItsLastYearIsReported(t *testing.T) {
	c := newClock()
	s := open(t, config(t, c))
	ca := must(newAuthority(t, s).CA("etcd"))(t)
	a := newAuthority(t, s)
	must(a.CA("etcd"))(t)
	for days, want := range map[int]bool{366: false, 364: true} {
		c.at = ca.Certificate.NotAfter.AddDate(0, 0, -days)
		if got := a.Expiry()[0]; got.Soon != want || got.Name != "authority etcd" {
			t.Errorf("%d days before: %+v", days, got)
		}
	}
}

func TestUnusedLeavesAreDropped(t *testing.T) {
	s := open(t, config(t, newClock()))
	a := newAuthority(t, s)
	gone := request()
	gone.Name = "pg9/etcd"
	issue(t, a, request())
	issue(t, a, gone)
	s = reopen(t, s)
	a = newAuthority(t, s)
	issue(t, a, request())
	if dropped := a.DropUnused(); !slices.Equal(dropped, []string{"pg9/etcd"}) || !s.Changed() {
		t.Errorf("dropped %v, changed %v", dropped, s.Changed())
	}
	s = reopen(t, s)
	a = newAuthority(t, s)
	if l := issue(t, a, request()); l.Reason != "" {
		t.Errorf("the used leaf was issued again: %s", l.Reason)
	}
	if dropped := a.DropUnused(); dropped != nil || s.Changed() {
		t.Errorf("dropped %v, changed %v", dropped, s.Changed())
	}
}
