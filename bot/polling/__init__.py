"""The polling schedule, learned from past render times.

Pure, but for its port; may import the catalog. Read `schedule.py` first.
"""
