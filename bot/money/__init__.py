"""Limits, budgets and the ledger: what a request may cost, and who pays.

May import jobs, the provider's contract and what lies below them; its rules are pure. Read `limits.py`
first.
"""
