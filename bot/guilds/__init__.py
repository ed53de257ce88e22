"""A server's own settings, and the notices owed to its log channel.

May import the catalog and the modules at the bottom. Read `settings.py` first.
"""
