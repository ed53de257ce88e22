"""What members decide about themselves: their pictures, their prompts, what is stored about them.

May import what cogs may, and `cogs._shared`. Every answer is for the member alone; a question about a
picture stands in the channel, and only the picture's owner can answer it. Read `choices.py` first.
"""
