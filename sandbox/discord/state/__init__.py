"""What the local Discord holds: records and the world that keeps them, ids, files, events, addresses.

Plain state without rules; a lookup that finds nothing raises Discord's error. Imports `errors` and the
clock. Read `models.py` first, then `world.py`.
"""
