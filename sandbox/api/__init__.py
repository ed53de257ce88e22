"""The API for people and tests that play people: `/sandbox/api`.

One module for each heading of docs/sandbox.md, section 3. Each lists its routes as data
(`routing.Route`) with pydantic models of what comes in; requests are checked and the OpenAPI document
is written from this one table. Imports the local Discord and the providers' faults and overrides; only
`app` imports this package. Read `service.py` first, then `routing.py`.
"""
