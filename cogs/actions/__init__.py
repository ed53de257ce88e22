"""What members do with a video that is there: the buttons under it, the Remix form, the Apps menu.

May import what cogs may, and `cogs._shared`. A custom id holds the job's id alone: who may press, and
at what price, is decided at the press. Read `buttons.py` first.
"""
