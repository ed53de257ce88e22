"""Ended jobs: find, show and remove their videos, late results, retention.

May import the worker, money and what lies below them. Read `find.py` first.
"""
