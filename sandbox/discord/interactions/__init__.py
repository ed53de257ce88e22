"""Interactions: what people do with a bot's commands and forms, and how the bot answers.

Imports the local Discord, `rest` for its routes, and what lies below them; the gateway and the API for
people are not known here. From the ground up: `commands`, `forms`, `responses`, `start`, `actions`,
`service`, routes. Read `actions.py` first, then `responses/callbacks.py`.
"""
