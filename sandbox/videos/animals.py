"""Animals: on four legs in a gallop, in the water and in the air."""

import math

from sandbox.videos.drawing import DARK, WHITE, Pen


def _body(pen: Pen, pace: float = 9) -> None:
    """Legs, body, neck and head of a four-legged animal, seen from the side, facing right."""
    for index, hip in enumerate((-1.3, -0.9, 1.0, 1.4)):
        swing = math.sin(pen.seconds * pace + index * 1.9)
        pen.line((hip, 0), (hip + swing, 1.7), width=0.32, fill=pen.shade)
    pen.oval(-2, -0.9, 1.8, 0.6, pen.coat)
    pen.shape((1.0, -0.8), (2.2, -1.9), (2.0, 0), fill=pen.coat)
    pen.oval(1.5, -2.1, 2.9, -0.9, pen.coat)


def _snout(pen: Pen) -> None:
    pen.shape((2.6, -1.8), (3.7, -1.25), (2.6, -1.0), fill=pen.coat)
    pen.oval(2.35, -1.7, 2.55, -1.5, DARK)
    pen.oval(3.5, -1.4, 3.75, -1.15, DARK)


def _ears(pen: Pen, tall: float = 1.0) -> None:
    for ear in (1.65, 2.15):
        tip = -1.8 - tall
        pen.shape((ear, -1.8), (ear + 0.2, tip), (ear + 0.55, -1.85), fill=pen.shade)


def runner(pen: Pen) -> None:
    """A dog, a wolf, a bear: whatever its coat says."""
    wag = 0.3 * math.sin(pen.seconds * 9)
    pen.shape((-1.7, -0.3), (-3.4, -0.9 - wag), (-3.0, 0.1), fill=pen.coat)
    _body(pen)
    _snout(pen)
    _ears(pen)


def fox(pen: Pen) -> None:
    runner(pen)
    pen.oval(-3.7, -1.1, -2.9, -0.4, WHITE)


def cat(pen: Pen) -> None:
    wave = 0.5 * math.sin(pen.seconds * 4)
    pen.line((-1.8, -0.4), (-2.9, -1.2), (-2.7 + wave, -2.9), width=0.36, fill=pen.coat)
    _body(pen, pace=6)
    _ears(pen, tall=0.8)
    pen.oval(2.25, -1.7, 2.5, -1.35, (176, 214, 92))
    for whisker in (-1.25, -1.1):
        pen.line((2.7, -1.2), (3.6, whisker), width=0.06, fill=WHITE)


def horse(pen: Pen) -> None:
    wave = 0.4 * math.sin(pen.seconds * 9)
    for index, hip in enumerate((-1.4, -1.0, 1.0, 1.4)):
        swing = 1.2 * math.sin(pen.seconds * 9 + index * 1.9)
        pen.line((hip, -0.6), (hip + swing, 1.7), width=0.34, fill=pen.shade)
    pen.shape((-1.8, -1.4), (-3.4, -0.8 + wave), (-3.1, 0.6 + wave), fill=pen.shade)
    pen.oval(-2, -1.9, 1.8, -0.2, pen.coat)
    pen.shape((0.8, -1.2), (2.0, -3.6), (2.7, -3.2), (1.8, -0.6), fill=pen.coat)
    pen.shape((2.0, -3.7), (3.8, -2.6), (3.5, -2.1), (2.2, -2.7), fill=pen.coat)
    pen.line((1.0, -1.6), (2.0, -3.7), width=0.4, fill=pen.shade)
    pen.oval(2.5, -3.3, 2.75, -3.05, DARK)


def elephant(pen: Pen) -> None:
    for index, hip in enumerate((-1.6, -0.9, 0.8, 1.5)):
        swing = 0.4 * math.sin(pen.seconds * 4 + index * 1.9)
        pen.line((hip, -0.4), (hip + swing, 1.7), width=0.8, fill=pen.shade)
    pen.oval(-2.4, -2.6, 2.0, 0.6, pen.coat)
    pen.oval(1.2, -3.0, 3.4, -0.9, pen.coat)
    lift = 0.8 * math.sin(pen.seconds * 2)
    pen.line((3.1, -1.7), (3.9, -0.6), (4.3, 0.6 - lift), width=0.5, fill=pen.coat)
    pen.oval(0.9, -2.7, 2.3, -0.9, pen.shade)
    pen.oval(2.6, -2.4, 2.85, -2.15, DARK)


def rabbit(pen: Pen) -> None:
    for foot in (-1.0, 0.9):
        pen.oval(foot - 0.6, 1.0, foot + 0.6, 1.6, pen.shade)
    pen.oval(-1.6, -0.9, 1.4, 1.4, pen.coat)
    pen.oval(-2.1, 0.0, -1.3, 0.8, WHITE)
    pen.oval(0.6, -1.9, 2.2, -0.4, pen.coat)
    for ear in (0.7, 1.3):
        pen.oval(ear, -3.8, ear + 0.5, -1.5, pen.coat)
    pen.oval(1.6, -1.4, 1.85, -1.15, DARK)


def fish(pen: Pen) -> None:
    flap = 0.6 * math.sin(pen.seconds * 8)
    pen.shape((-1.6, 0), (-3.0, -1.0 + flap), (-3.0, 1.0 + flap), fill=pen.shade)
    pen.oval(-2, -1, 2, 1, pen.coat)
    pen.shape((-0.5, -0.8), (0.3, -1.6), (0.9, -0.7), fill=pen.shade)
    pen.oval(1.1, -0.4, 1.5, 0.0, DARK)


def whale(pen: Pen) -> None:
    flap = 0.5 * math.sin(pen.seconds * 3)
    pen.shape((-3.2, 0), (-5.0, -1.5 + flap), (-4.4, -0.2), (-5.2, 0.8 + flap), fill=pen.coat)
    pen.oval(-4, -1.6, 3.4, 1.6, pen.coat)
    pen.oval(-1.8, 0.4, 3.0, 1.6, WHITE)
    pen.oval(2.2, -0.5, 2.5, -0.2, DARK)
    for side in (-0.7, 0, 0.7):
        high = 3.2 + 0.5 * math.sin(pen.seconds * 6 + side)
        pen.line((1.6, -1.5), (1.6 + side, -high), width=0.2, fill=WHITE)


def bird(pen: Pen) -> None:
    lift = 1.2 * math.sin(pen.seconds * 5)
    for side in (-1, 1):
        wing = ((side * 2, -0.6 - lift), (side * 3.4, 0.2 - lift))
        pen.shape((0, 0), *wing, (0, 0.5), fill=pen.coat)
    pen.oval(-0.5, -0.3, 0.9, 0.7, pen.coat)
    pen.shape((0.8, 0), (1.5, 0.2), (0.8, 0.4), fill=(236, 170, 60))


def butterfly(pen: Pen) -> None:
    open_ = 0.4 + 0.6 * abs(math.sin(pen.seconds * 6))
    for side in (-1, 1):
        wide = sorted((0, side * 2.4 * open_))
        pen.oval(wide[0], -2.0, wide[1], 0.2, pen.coat)
        low = sorted((0, side * 1.7 * open_))
        pen.oval(low[0], 0.0, low[1], 1.6, pen.shade)
    pen.oval(-0.22, -1.4, 0.22, 1.3, DARK)
    for side in (-1, 1):
        pen.line((0, -1.3), (side * 0.6, -2.2), width=0.1, fill=DARK)


def dragon(pen: Pen) -> None:
    lift = 1.6 * math.sin(pen.seconds * 4)
    pen.shape((-1.6, 0), (-5.4, 0.9), (-4.6, 1.5), (-1.4, 0.9), fill=pen.coat)
    for far, fill in ((-0.9, pen.shade), (0, pen.coat)):
        tip = (-1.6 + far, -3.4 - lift)
        pen.shape((0.6, 0), tip, (-2.6 + far, -0.9 - lift / 2), (-1.2, 0.4), fill=fill)
    pen.oval(-2.0, -0.6, 2.0, 1.3, pen.coat)
    pen.shape((1.2, -0.4), (2.8, -2.2), (3.4, -1.6), (1.9, 0.6), fill=pen.coat)
    pen.shape((2.6, -2.5), (4.6, -1.7), (2.9, -1.3), fill=pen.coat)
    pen.oval(3.1, -2.1, 3.3, -1.9, WHITE)
    reach = 6.6 + 0.9 * math.sin(pen.seconds * 13)
    pen.shape((4.6, -1.7), (reach, -2.1), (reach - 0.4, -1.0), fill=(250, 150, 50))
