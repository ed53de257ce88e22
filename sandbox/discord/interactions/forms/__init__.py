"""Components and modals: what a bot may send, and what a person may choose or type in them.

Imports `commands` and what lies below interactions. Read `selects.py` first.
"""
