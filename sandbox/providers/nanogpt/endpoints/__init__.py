"""The handlers of NanoGPT's HTTP API.

Imports the service and what that stands on; only `routes` imports this package. Read `videos.py` first.
"""
