"""The core in words, cards and files, and the messenger that brings them to Discord.

May import the core and discord.py; no database, no HTTP, no file formats. Read `cards.py` first.
"""
