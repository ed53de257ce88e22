"""What a server's moderators do.

May import what cogs may, and `cogs._shared`. The permission is checked at every use and every press.
Read `commands.py` first.
"""
