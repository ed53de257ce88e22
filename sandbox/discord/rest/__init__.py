"""Discord's REST API over HTTP: paths, rate limits, bodies, answers; handlers are in `resources`.

Imports the local Discord and what lies below it. Read `routes.py` first, then `routing.py`.
"""
