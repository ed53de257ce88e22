"""The durable job: one request, its states, submissions and messages.

May import the catalog and guilds; its records and rules are pure. Read `job.py` first.
"""
