"""Discord's gateway: the websocket over which a bot hears what happens.

From the ground up: `protocol` (numbers), `frames` (bytes), `intents` (who hears what), `sessions`
(what outlives a connection), `identifying` (who may begin), `dispatching` (from the event bus to
the sessions), `connections` (one socket) and `service` (what the application mounts).
"""
