"""Database engines: open SQLite or PostgreSQL and run named queries on it.

May import queries, migrations, rows and the modules at the bottom; no store. Read `transaction.py`
first.
"""
