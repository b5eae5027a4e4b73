package component

// Default sets a setting that the inventory left out.
func Default[T comparable](setting *T, value T) {
	var unset T
	if *setting == unset {
		*setting = value
	}
}
