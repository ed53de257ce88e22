"""The bot's answers to interactions: tokens, callbacks, followups, and the person's view of them.

Imports `commands`, `forms` and what lies below interactions. Read `callbacks.py` first.
"""
