"""Messages to Discord: each posted exactly once, cards kept up to date.

May import all of the core, and nothing of the core imports it. Read `dispatcher.py` first.
"""
