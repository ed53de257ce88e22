"""The database: SQLite by default, PostgreSQL when it grows. SQL stands in `queries/*.sql`."""
