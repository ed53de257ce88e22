"""What becomes of a prompt before its video is ordered.

May import the rest of `ordering`, and what that stands on. Nothing else in `ordering` may import it.
Read `improving.py` first.
"""
