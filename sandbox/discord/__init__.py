"""A local Discord: gateway, REST API, CDN and interactions, with the rules that Discord enforces.

Imports the clock and tasks, nothing else of the sandbox. Floors, each importing only those below:
`interactions` and `gateway` → `rest` → `services` → `payloads` → `rules` → `state` → `errors`.
Read `local_discord.py` first, then `services/messages.py`.
"""
