"""Forms that ask for a video: what they show, what was sent with them, and what becomes of it.

May import what `_shared` may, and `_shared` itself. A form's custom id names what the form is about;
everything else comes back with the form, so that it can be sent after a restart. Read `sending.py`
first.
"""
