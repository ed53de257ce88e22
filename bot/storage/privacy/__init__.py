"""What the database holds about members' pictures and choices.

May import what storage imports, its engines and the core. Read `consent.py` first.
Decides nothing: the rules are in `guilds`.
"""
