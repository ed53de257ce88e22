"""NanoPhoto: Veo 3.1 in shots, billed in credits, a hundred requests an hour.

May import the contract and the other modules of `providers`, never another service. Read
`client.py` first.
"""
