"""Discord's gateway: the websocket that brings events to a bot.

From the ground up: `protocol` (numbers), `frames` (bytes), `intents` (which events are for whom),
`sessions` (what outlives a connection), `identifying` (who may begin), `connections` (one socket) and
`service` (what the application mounts). Imports the services' voice, payloads and what lies below
them. Read `service.py` first.
"""
