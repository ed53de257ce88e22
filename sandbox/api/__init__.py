"""The interface for whoever plays the people: `/sandbox/api`.

One module per heading of docs/sandbox.md, section 3. Each lists its routes as data (`routing.Route`)
with pydantic models for what comes in, so that requests are checked and the OpenAPI document is
written from one and the same table.
"""
