"""Bugs that are planted on purpose, to see whether the simulation would find them.

Each changes the real code in one place and is taken back afterwards. Read `planting.py` first.
"""

from tests.simulation.mutants import shots, videos
from tests.simulation.mutants.planting import MUTANTS, kinds_for, planted

__all__ = ["MUTANTS", "kinds_for", "planted", "shots", "videos"]
