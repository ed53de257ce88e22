"""Actions in the local Discord: each is checked, carried out and published as an event.

Imports `payloads`, `rules` and what lies below them. Read `messages.py` first.
"""
