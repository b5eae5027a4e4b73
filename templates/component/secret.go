package component

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is text that must not be seen. Every way of printing it says "[redacted]"; JSON
// and YAML encoders refuse to leak it the same way, so what carries a secret on purpose
// (a node's own spec) calls Reveal.
type Secret string

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String implements fmt.Stringer.
func (s Secret) String() string { return redacted }

// MarshalText keeps secrets out of JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue keeps secrets out of structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
