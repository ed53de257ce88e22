"""Members' pictures on our disk: checked, decoded in a child process, and prepared for sending.

May import the ports of catalog and the downloads beside it. Read `store.py` first.
"""
