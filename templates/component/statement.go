package component

// Statement is one thing that must hold in PostgreSQL, as data: nodeinit runs it on the
// leader, again and again.
type Statement struct {
	// Name says what holds, in words: "role app exists".
	Name string
	// Database is where the statement runs.
	Database string
	// Holds is a query that returns one boolean; Exec runs when it is false. An empty Holds
	// means that Exec may be run each time.
	Holds string
	Exec  string
}
