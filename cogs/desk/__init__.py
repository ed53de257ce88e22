"""What a server's moderators do: the community's desk.

May import what cogs may, and `cogs._shared`. The permission is checked at every use and every press.
Read `moderation.py` first.
"""
