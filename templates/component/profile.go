package component

// Profile is a named set of timings. It moves failure detection between "fast networks,
// quick failover" and "slow machines, no false alarms"; every single timing can still be
// set by its own option.
type Profile string

const (
	// ProfileFast suits one rack on quick hardware: host loss heals in under 30 s.
	ProfileFast Profile = "fast"
	// ProfileNorm is the default: host loss heals in under 45 s.
	ProfileNorm Profile = "norm"
	// ProfileWide suits stretched or shared networks: host loss heals in under 150 s.
	ProfileWide Profile = "wide"
	// ProfileSlow suits emulated machines, some twenty times slower than real ones.
	ProfileSlow Profile = "slow"
)

// Profiles lists every profile, quickest first.
func Profiles() []Profile { return []Profile{ProfileFast, ProfileNorm, ProfileWide, ProfileSlow} }
