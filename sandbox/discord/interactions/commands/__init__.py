"""A bot's commands: registration, validation, availability, and reading the options given.

Imports `resolved`, `form_checks` and what lies below interactions. Read `registry.py` first.
"""
