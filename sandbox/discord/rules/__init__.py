"""What Discord allows: one module for each kind of rule, in its documentation's words.

Rules judge and read forms; they change nothing and publish nothing, but for `uploads`, which streams
files to disk. Imports `state` and `errors`. Read `permissions.py` first, then `forms.py`.
"""
