"""A local NanoGPT, built from its documents: submit, status, recovery, models, balance.

`service` holds the runs and the accounts, `endpoints` answers over HTTP, `overrides` and `control` let
people and tests change its behaviour. Read `service.py` first, then `endpoints/videos.py`.
"""
