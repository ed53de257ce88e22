"""Requests, capabilities, models and prices.

Pure; may import only the bottom floor (`errors`, `ids`). Read `request.py` first.
"""
