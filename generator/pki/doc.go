// Package pki keeps what a cluster must not lose between two builds, and issues its
// certificates.
//
// # The state folder
//
// A state folder (mode 0700) holds two files, both mode 0600:
//
//	state.json   everything: identity, keys, certificates, passwords, verifiers
//	lock         held by the running build (flock), always empty
//
// One file, because one file can be replaced atomically: a build that dies leaves the old
// state or the new one. It is indented JSON for people to read:
//
//	format        version of the file
//	cluster       the name it belongs to
//	uuid          the cluster's random identity
//	issued_at     when the state was made
//	generation    number of the newest cluster spec, from 1
//	spec_digest   digest of that spec: another digest is another generation
//	operator_key  Ed25519 key that signs cluster specs, PKCS #8 in PEM
//	authorities   by name: certificate and key (SEC 1) in PEM
//	leaves        by name: authority, certificate (DER) and key (32-byte scalar) in base64
//	passwords     by name: generated passwords
//	verifiers     by name: SCRAM-SHA-256 verifiers, kept because their salt is random
//
// One leaf is shown by
//
//	jq -r '.leaves["pg1/etcd"].certificate' state.json | base64 -d | openssl x509 -inform der -text
//
// # Same state, same bytes
//
// Everything random comes from the state, so a second build repeats the first one's bytes.
// Randomness is injected (Config.Random) and all keys, serials and identifiers are drawn
// from it: P-256 scalars by the rejection sampling of FIPS 186-5 A.2.2, because
// ecdsa.GenerateKey ignores its reader since Go 1.26. Certificates are signed with
// deterministic ECDSA (RFC 6979). With a fixed clock and reader a fresh state repeats too.
package pki
