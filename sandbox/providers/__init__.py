"""Local versions of the video services, with the real ones' pitfalls.

Each package is one service; shared parts (faults, control, stores) are here. Imports `videos`, the
clock and tasks. Read `nanogpt/service.py` first.
"""
