package inventory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
)

// superuser owns what nobody else does.
const superuser = patroni.RoleSuperuser

// namePattern keeps role and database names to those that need no quotes in SQL, in
// connection strings, in pg_hba.conf and in PgBouncer's files. PostgreSQL cuts longer
// names off (NAMEDATALEN - 1).
var namePattern = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

const nameFix = "use up to 63 of a-z, 0-9 and _, not beginning with a digit"

// ownRoles are the roles that the cluster makes for itself.
var ownRoles = []string{superuser, patroni.RoleReplication, patroni.RoleRewind, patroni.RoleMonitor, patroni.RoleLookup}

// hbaWords have a meaning of their own in pg_hba.conf; PostgreSQL reserves the others in
// CREATE ROLE.
var hbaWords = []string{"all", "sameuser", "samerole", "samegroup", "replication", "public", "none", "user", "current_user", "current_role", "session_user"}

// ownDatabases exist in every cluster; "pgbouncer" is PgBouncer's console.
var ownDatabases = []string{"postgres", "template0", "template1", "pgbouncer"}

// loginOptions are the attributes of CREATE ROLE that take no argument and do not hand out
// the cluster: SUPERUSER and REPLICATION are left out on purpose.
var loginOptions = []string{"CREATEDB", "NOCREATEDB", "CREATEROLE", "NOCREATEROLE", "INHERIT", "NOINHERIT", "BYPASSRLS", "NOBYPASSRLS"}

func users(inv Inventory) []component.Problem {
	var out []component.Problem
	first := map[string]int{}
	for i, u := range inv.PostgreSQL.Users {
		at := fmt.Sprintf("postgresql.users[%d]", i)
		refuse := func(path, message, fix string) { out = append(out, problem(at+path, message, fix)) }
		earlier, again := first[u.Name]
		switch {
		case u.Name == "":
		case again:
			refuse(".name", fmt.Sprintf("users[%d] is named %s as well", earlier, u.Name), "declare every user once")
		case !namePattern.MatchString(u.Name):
			refuse(".name", fmt.Sprintf("%q is no name for a user", u.Name), nameFix)
		case slices.Contains(ownRoles, u.Name):
			refuse(".name", u.Name+" is a role that the cluster makes for itself", "take another name")
		case slices.Contains(hbaWords, u.Name):
			refuse(".name", u.Name+" is a reserved word of PostgreSQL", "take another name")
		case strings.HasPrefix(u.Name, "pg_") || strings.HasPrefix(u.Name, "pgc_"):
			refuse(".name", "names that begin with pg_ and pgc_ are those of PostgreSQL and the cluster", "take another name")
		}
		if !again {
			first[u.Name] = i
		}
		if u.ConnectionLimit < 0 {
			refuse(".connection_limit", "is negative", "leave it out for no limit")
		}
		for j, option := range u.Options {
			if !slices.Contains(loginOptions, option) {
				refuse(fmt.Sprintf(".options[%d]", j), fmt.Sprintf("%q is no option that a user can have", option), suggest(option, loginOptions))
			}
		}
		if reason := weak(u.Password, u.Name); reason != "" {
			refuse(".password", reason, "leave it out: a good one is generated, and pgcgen secrets prints it")
		}
	}
	return out
}

func databases(inv Inventory) []component.Problem {
	var out []component.Problem
	first := map[string]int{}
	for i, d := range inv.PostgreSQL.Databases {
		at := fmt.Sprintf("postgresql.databases[%d]", i)
		refuse := func(path, message, fix string) { out = append(out, problem(at+path, message, fix)) }
		earlier, again := first[d.Name]
		switch {
		case d.Name == "":
		case again:
			refuse(".name", fmt.Sprintf("databases[%d] is named %s as well", earlier, d.Name), "declare every database once")
		case !namePattern.MatchString(d.Name):
			refuse(".name", fmt.Sprintf("%q is no name for a database", d.Name), nameFix)
		case slices.Contains(ownDatabases, d.Name):
			refuse(".name", "every cluster has a database "+d.Name+" of its own", "take another name")
		case slices.Contains(hbaWords, d.Name):
			refuse(".name", d.Name+" is a reserved word of PostgreSQL", "take another name")
		}
		if !again {
			first[d.Name] = i
		}
		if !inv.declares(d.Owner) {
			refuse(".owner", fmt.Sprintf("the owner %s is not among postgresql.users", d.Owner), "declare the user, or leave the owner out for "+superuser)
		}
	}
	return out
}

// declares reports whether a role exists for databases to belong to.
func (inv Inventory) declares(role string) bool {
	return role == superuser || slices.ContainsFunc(inv.PostgreSQL.Users, func(u User) bool { return u.Name == role })
}
