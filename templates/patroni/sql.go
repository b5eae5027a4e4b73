package patroni

import (
	"fmt"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

// Statements are what must hold in PostgreSQL for the cluster and for its users. Patroni
// makes the first two roles itself, unless it is interrupted between initdb and that; so
// all are kept. Verifiers are SCRAM-SHA-256 verifiers by login name.
func Statements(v component.View, verifiers map[string]string) []component.Statement {
	out := []component.Statement{
		role(RoleReplication, "LOGIN REPLICATION"),
		role(RoleRewind, "LOGIN"),
		role(RoleMonitor, "LOGIN"),
		role(RoleLookup, "LOGIN"),
		{Name: "role " + RoleMonitor + " may read statistics", Database: "postgres",
			Holds: "SELECT pg_has_role(" + literal(RoleMonitor) + ", 'pg_monitor', 'member')",
			Exec:  "GRANT pg_monitor TO " + identifier(RoleMonitor)},
	}
	// The four functions pg_rewind calls (PostgreSQL documentation, pg_rewind, Notes).
	for _, f := range []string{
		"pg_catalog.pg_ls_dir(text, boolean, boolean)", "pg_catalog.pg_stat_file(text, boolean)",
		"pg_catalog.pg_read_binary_file(text)", "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)",
	} {
		out = append(out, component.Statement{Name: "role " + RoleRewind + " may call " + f, Database: "postgres",
			Holds: fmt.Sprintf("SELECT has_function_privilege(%s, %s, 'EXECUTE')", literal(RoleRewind), literal(f)),
			Exec:  "GRANT EXECUTE ON FUNCTION " + f + " TO " + identifier(RoleRewind)})
	}
	for _, l := range v.PostgreSQL.Users {
		out = append(out, login(l, verifiers[l.Name])...)
	}
	for _, d := range v.PostgreSQL.Databases {
		out = append(out, database(d)...)
	}
	return out
}

func role(name, attributes string) component.Statement {
	return component.Statement{Name: "role " + name + " exists", Database: "postgres",
		Holds: "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = " + literal(name) + ")",
		Exec:  "CREATE ROLE " + identifier(name) + " " + attributes}
}

// login keeps a declared role with its verifier and attributes; what the inventory does
// not say about the role is left as it is. Only the leader judges the verifier: a replica
// can do nothing about it.
func login(l component.Login, verifier string) []component.Statement {
	limit := -1
	if l.ConnectionLimit > 0 {
		limit = l.ConnectionLimit
	}
	attributes := strings.TrimSpace("LOGIN " + strings.Join(l.Options, " "))
	return []component.Statement{
		role(l.Name, attributes),
		{Name: "role " + l.Name + " has its password, options and limit", Database: "postgres",
			Holds: fmt.Sprintf("SELECT pg_catalog.pg_is_in_recovery() OR EXISTS (SELECT FROM pg_catalog.pg_authid WHERE rolname = %s AND rolpassword = %s AND rolconnlimit = %d AND rolcanlogin%s)",
				literal(l.Name), literal(verifier), limit, held(l.Options)),
			Exec: fmt.Sprintf("ALTER ROLE %s %s CONNECTION LIMIT %d PASSWORD %s", identifier(l.Name), attributes, limit, literal(verifier))},
	}
}

// held are conditions on pg_authid under which a role has the options of CREATE ROLE.
func held(options []string) string {
	columns := map[string]string{"CREATEDB": "rolcreatedb", "CREATEROLE": "rolcreaterole", "INHERIT": "rolinherit", "BYPASSRLS": "rolbypassrls"}
	var b strings.Builder
	for _, option := range options {
		if column, ok := columns[option]; ok {
			b.WriteString(" AND " + column)
		} else if column, ok := columns[strings.TrimPrefix(option, "NO")]; ok {
			b.WriteString(" AND NOT " + column)
		}
	}
	return b.String()
}

// database keeps a declared database and its owner.
func database(d component.Database) []component.Statement {
	owner := d.Owner
	if owner == "" {
		owner = RoleSuperuser
	}
	return []component.Statement{
		{Name: "database " + d.Name + " exists", Database: "postgres",
			Holds: "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = " + literal(d.Name) + ")",
			Exec:  "CREATE DATABASE " + identifier(d.Name) + " OWNER " + identifier(owner)},
		{Name: "database " + d.Name + " belongs to " + owner, Database: "postgres",
			Holds: fmt.Sprintf("SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s AND pg_catalog.pg_get_userbyid(datdba) = %s)", literal(d.Name), literal(owner)),
			Exec:  "ALTER DATABASE " + identifier(d.Name) + " OWNER TO " + identifier(owner)},
	}
}

// identifier quotes a name for SQL.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal quotes text for SQL; standard_conforming_strings is on by default and a
// backslash is escaped for servers where it is not.
func literal(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return " E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
