"""From a request to an accepted job: quotes, offers, alternative models.

May import money, the worker's inputs and what lies below them. Read `ordering.py` first.
"""
