"""The handlers of Discord's REST API, one module for each resource.

Thin: they read a request, call a service and answer. Imports `rest` and the services.
Read `channels.py` first.
"""
