"""What a server decides for itself: settings, blocked members, words, audit log and notices.

May import the catalog and the modules at the bottom. Read `settings.py` first.
"""
