package platform

import "maps"

func all() []Platform { return []Platform{debian12(), debian13()} }

// debian holds what Debian's releases share.
func debian() Platform {
	return Platform{
		Layout:  LayoutDistro,
		ID:      "debian",
		Manager: "apt",
		Packages: map[string][]string{
			"etcd":       {"etcd-server", "etcd-client"},
			"patroni":    {"postgresql-%d", "patroni", "python3-psycopg2"},
			"pgbouncer":  {"pgbouncer"},
			"haproxy":    {"haproxy"},
			"keepalived": {"keepalived"},
		},
		Masks: map[string][]string{
			"etcd":       {"etcd.service"},
			"patroni":    {"patroni.service", "postgresql.service"},
			"pgbouncer":  {"pgbouncer.service"},
			"haproxy":    {"haproxy.service"},
			"keepalived": {"keepalived.service"},
		},
		VersionPackage: map[string]string{
			"etcd": "etcd-server", "patroni": "patroni", "postgresql": "postgresql-%d",
			"pgbouncer": "pgbouncer", "haproxy": "haproxy", "keepalived": "keepalived",
		},
		Programs: map[string]string{
			"etcd":       "/usr/bin/etcd",
			"patroni":    "/usr/bin/patroni",
			"postgres":   "/usr/lib/postgresql/%d/bin",
			"pgbouncer":  "/usr/sbin/pgbouncer",
			"haproxy":    "/usr/sbin/haproxy",
			"keepalived": "/usr/sbin/keepalived",
		},
		DataDir:   "/var/lib/postgresql/%d/%s",
		SocketDir: "/var/run/postgresql",
	}
}

func debian12() Platform {
	p := debian()
	p.OS, p.VersionID, p.Codename = "debian-12", "12", "bookworm"
	p.PostgreSQL = []int{15}
	// python3-etcd is what Debian 12's Patroni imports for etcd3.
	p.Packages = maps.Clone(p.Packages)
	p.Packages["patroni"] = append([]string{}, append(p.Packages["patroni"], "python3-etcd")...)
	p.Versions = map[string]string{
		"etcd": "3.4.23", "patroni": "3.0.2", "postgresql": "15", "pgbouncer": "1.18.0",
		"haproxy": "2.6.12", "keepalived": "2.2.7",
	}
	return p
}

func debian13() Platform {
	p := debian()
	p.OS, p.VersionID, p.Codename = "debian-13", "13", "trixie"
	p.PostgreSQL = []int{17}
	p.Packages = maps.Clone(p.Packages)
	p.Packages["patroni"] = append([]string{}, append(p.Packages["patroni"], "python3-etcd")...)
	p.Versions = map[string]string{
		"etcd": "3.5.16", "patroni": "4.0.4", "postgresql": "17", "pgbouncer": "1.24.1",
		"haproxy": "3.0.11", "keepalived": "2.3.3",
	}
	return p
}
