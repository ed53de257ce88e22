"""Videos on our disk, by ffmpeg: checked, converted, joined, and fitted to upload limits.

May import the ports of jobs and the limits of children beside it. Read `store.py` first.
"""
