"""The core's ports in SQL: SQLite by default, PostgreSQL for several processes.

Loads facts and writes plans, and decides nothing; may import the core, never another adapter. The
SQL lives in `queries/*.sql`, the code that runs it in `engines`. Read `stores.py` first.
"""
