"""Real videos for the sandbox: H.264 in MP4, drawn from a prompt or from a picture.

Imports nothing of the sandbox. Read `rendering.py` first, then `scenes.py`.
"""
