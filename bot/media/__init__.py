"""Pictures and videos as files, and guarded downloads from members' and services' addresses.

May import the ports of catalog, jobs and money that it implements; no database and no Discord. Read
`downloads.py` first.
"""
