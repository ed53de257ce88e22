"""The worker: submits, recovers, polls and downloads each job, every step under a lease.

May import jobs, polling, the provider's contract and what lies below them. Read `worker.py` first.
"""
