"""NanoGPT: about 175 models behind one API, billed in dollars.

May import the contract and the other modules of `providers`, never another service. Read
`client.py` first.
"""
