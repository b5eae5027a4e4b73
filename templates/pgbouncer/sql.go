package pgbouncer

import (
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
)

// authQuery calls the lookup by its full name and with a typed argument, so that neither
// the client's search_path (CVE-2025-12819) nor a second function of the name is chosen.
const authQuery = "SELECT usename, passwd FROM pgbouncer.user_lookup($1::text)"

// lookup returns a role's SCRAM verifier to PgBouncer: never that of a superuser or of
// replication, none that has expired (CVE-2025-2291), and no row for roles that log in by
// certificate only.
const lookup = `
SELECT rolname::text, rolpassword FROM pg_catalog.pg_authid
WHERE rolname = i_username AND rolcanlogin AND NOT rolsuper AND NOT rolreplication
  AND rolpassword LIKE 'SCRAM-SHA-256$%'
  AND (rolvaliduntil IS NULL OR rolvaliduntil > pg_catalog.now())`

// holds is true when the function is ours to the letter, belongs to a superuser, as does
// its schema, and is executable by the lookup role and not by everyone.
const holds = `SELECT EXISTS (
	SELECT FROM pg_catalog.pg_proc p
	JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
	JOIN pg_catalog.pg_roles po ON po.oid = p.proowner
	JOIN pg_catalog.pg_roles no ON no.oid = n.nspowner
	WHERE p.oid = pg_catalog.to_regprocedure('pgbouncer.user_lookup(text)')
	AND po.rolsuper AND no.rolsuper AND p.prosecdef AND p.prosrc = $lookup$LOOKUP$lookup$
	AND p.proconfig = ARRAY['search_path=pg_catalog, pg_temp']
	AND NOT pg_catalog.has_function_privilege('public', p.oid, 'EXECUTE')
	AND pg_catalog.has_function_privilege('ROLE', p.oid, 'EXECUTE')
	AND pg_catalog.has_schema_privilege('ROLE', n.oid, 'USAGE'))`

// exec takes over what somebody else may have made under the names: the owner of a
// database could otherwise answer PgBouncer's questions.
const exec = `CREATE SCHEMA IF NOT EXISTS pgbouncer;
ALTER SCHEMA pgbouncer OWNER TO CURRENT_USER;
REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC;
GRANT USAGE ON SCHEMA pgbouncer TO ROLE;
CREATE OR REPLACE FUNCTION pgbouncer.user_lookup(i_username text) RETURNS TABLE (usename text, passwd text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $lookup$LOOKUP$lookup$;
ALTER FUNCTION pgbouncer.user_lookup(text) OWNER TO CURRENT_USER;
REVOKE ALL ON FUNCTION pgbouncer.user_lookup(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgbouncer.user_lookup(text) TO ROLE`

// Statements keep the lookup function where PgBouncer calls it: in one database, or in
// every one (and in template1, for those made later) before PgBouncer 1.19. Exec is several
// commands, for the simple query protocol.
func Statements(v component.View) []component.Statement {
	databases := []string{"postgres"}
	if !hasAuthDBName(v.Facts.Versions["pgbouncer"]) {
		databases = append(databases, "template1")
		for _, d := range v.PostgreSQL.Databases {
			if !slices.Contains(databases, d.Name) {
				databases = append(databases, d.Name)
			}
		}
	}
	fill := strings.NewReplacer("LOOKUP", lookup, "ROLE", patroni.RoleLookup)
	var out []component.Statement
	for _, name := range databases {
		out = append(out, component.Statement{
			Name: "PgBouncer can look up passwords in database " + name, Database: name,
			Holds: fill.Replace(holds), Exec: fill.Replace(exec),
		})
	}
	return out
}
