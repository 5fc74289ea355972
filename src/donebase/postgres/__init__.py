"""How PostgreSQL is reached: connections and statements, the embedded server, migrations, backup and restore."""
