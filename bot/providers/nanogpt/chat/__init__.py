"""NanoGPT's chat endpoint, which writes better prompts.

May import the other modules of `nanogpt` except its client, and `providers`. Its answers are read
tolerantly and a text that is no prompt becomes a fault. Read `improver.py` first.
"""
