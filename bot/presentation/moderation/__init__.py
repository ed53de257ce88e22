"""What moderators read and press.

May import what `presentation` may, and `presentation` itself. Read `texts.py` first.
A text names a member by a mention, which no one is pinged by.
"""
