"""A local NanoPhoto.AI, its Veo 3.1 part, built from its documents: generate and check-status.

Imports `videos`, the clock and what the providers share. Read `service.py` first, then `routes.py`.
"""
