"""Video services; a vendor's terms, errors and numbers stay in its package.

May import the catalog and guilds; only `registry.py` imports the vendors' packages. Read
`contract.py` first.
"""
