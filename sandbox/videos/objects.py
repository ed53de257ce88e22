"""People, vehicles, buildings and flowers."""

import math

from sandbox.videos.drawing import DARK, WHITE, Pen

GLASS = (176, 214, 236)
FLAME = (250, 170, 60)
SKIN = (232, 188, 150)


def person(pen: Pen) -> None:
    """Someone who walks; the coat is the clothes."""
    for index, side in enumerate((-1, 1)):
        step = 0.9 * math.sin(pen.seconds * 6 + index * math.pi)
        pen.line((0, 0.2), (step, 1.8), width=0.36, fill=DARK)
        pen.line((0, -1.2), (side * 0.4 - step, 0.1), width=0.26, fill=pen.shade)
    pen.oval(-0.7, -1.7, 0.7, 0.5, pen.coat)
    pen.oval(-0.6, -2.9, 0.6, -1.7, SKIN)
    pen.oval(-0.6, -3.0, 0.6, -2.4, DARK)


def astronaut(pen: Pen) -> None:
    person(pen)
    pen.oval(-1.0, -3.3, 1.0, -1.4, WHITE)
    pen.oval(-0.4, -2.9, 0.9, -1.8, (60, 80, 120))


def robot(pen: Pen) -> None:
    for index, side in enumerate((-1, 1)):
        step = 0.4 * math.sin(pen.seconds * 6 + index * math.pi)
        pen.line((side * 0.5, 0.2), (side * 0.5 + step, 1.8), width=0.4, fill=pen.shade)
        pen.line((side * 1.1, -1.3), (side * 1.6, -0.3 + step), width=0.35, fill=pen.shade)
    pen.box(-1.1, -1.7, 1.1, 0.4, pen.coat)
    pen.box(-0.8, -3.0, 0.8, -1.9, pen.coat)
    pen.line((0, -3.0), (0, -3.7), width=0.14, fill=pen.shade)
    pen.oval(-0.2, -4.0, 0.2, -3.6, (240, 90, 80))
    for eye in (-0.5, 0.15):
        pen.oval(eye, -2.7, eye + 0.35, -2.35, GLASS)


def _wheel(pen: Pen, middle: float) -> None:
    pen.oval(middle - 0.6, 0.9, middle + 0.6, 2.1, DARK)
    turn = pen.seconds * 8
    spoke = 0.5 * math.cos(turn), 0.5 * math.sin(turn)
    pen.line((middle - spoke[0], 1.5 - spoke[1]), (middle + spoke[0], 1.5 + spoke[1]),
             width=0.14, fill=WHITE)  # fmt: skip


def car(pen: Pen) -> None:
    pen.shape((-1.6, 0), (-1.0, -1.2), (0.9, -1.2), (1.8, 0), fill=pen.coat)
    pen.shape((-1.2, 0), (-0.8, -0.9), (0.7, -0.9), (1.3, 0), fill=GLASS)
    pen.box(-3, 0, 3, 1.3, pen.coat)
    pen.oval(2.6, 0.2, 3.1, 0.7, (255, 240, 170))
    for middle in (-1.7, 1.7):
        _wheel(pen, middle)


def train(pen: Pen) -> None:
    for wagon in (-7.4, -3.2):
        pen.box(wagon, -1.3, wagon + 3.8, 1.3, pen.shade)
        for window in (0.5, 1.6, 2.7):
            pen.box(wagon + window, -0.8, wagon + window + 0.7, 0.0, GLASS)
        for middle in (0.9, 2.9):
            _wheel(pen, wagon + middle)
    pen.box(1.0, -0.7, 4.6, 1.3, pen.coat)
    pen.box(1.0, -2.0, 2.4, 1.3, pen.coat)
    pen.box(3.7, -1.7, 4.2, -0.7, DARK)
    for puff in range(3):
        rise = (pen.seconds * 1.2 + puff) % 3
        pen.oval(3.6 - rise, -2.4 - rise, 4.4 - rise * 0.6, -1.7 - rise, WHITE)
    for middle in (1.8, 3.8):
        _wheel(pen, middle)


def boat(pen: Pen) -> None:
    tilt = 0.2 * math.sin(pen.seconds * 2)
    pen.shape((-3, 0.4 - tilt), (3, 0.4 + tilt), (2, 1.7), (-2, 1.7), fill=pen.coat)
    pen.line((0, 0.4), (tilt * 2, -4.0), width=0.2, fill=pen.shade)
    pen.shape((0.2, -3.8), (2.5, 0.0), (0.2, 0.0), fill=WHITE)
    pen.shape((-0.2, -3.2), (-1.8, 0.0), (-0.2, 0.0), fill=GLASS)


def plane(pen: Pen) -> None:
    pen.shape((-3.0, -0.2), (-3.9, -1.6), (-2.9, -1.6), (-1.9, -0.3), fill=pen.shade)
    pen.oval(-3.4, -0.7, 3.4, 0.7, pen.coat)
    pen.shape((0.6, 0), (-1.6, 1.9), (-0.7, 1.9), (1.6, 0.1), fill=pen.shade)
    for window in range(5):
        pen.oval(-1.4 + window * 0.8, -0.4, -1.1 + window * 0.8, -0.1, GLASS)


def rocket(pen: Pen) -> None:
    flame = 3.4 + 0.9 * math.sin(pen.seconds * 17)
    pen.shape((-0.6, 2.0), (0.6, 2.0), (0, flame), fill=FLAME)
    for side in (-1, 1):
        pen.shape((side * 0.8, 0.6), (side * 1.9, 2.3), (side * 0.6, 2.0), fill=pen.shade)
    pen.oval(-1.0, -3.2, 1.0, 2.6, pen.coat)
    pen.oval(-0.45, -1.4, 0.45, -0.5, GLASS)


def balloon(pen: Pen) -> None:
    pen.shape((-1.9, -1.2), (1.9, -1.2), (0.5, 1.0), (-0.5, 1.0), fill=pen.coat)
    pen.oval(-2.2, -4.2, 2.2, 0.0, pen.coat)
    pen.oval(-0.9, -4.2, 0.9, 0.0, WHITE)
    for side in (-0.5, 0.5):
        pen.line((side, 0.9), (side, 1.8), width=0.08, fill=DARK)
    pen.box(-0.6, 1.7, 0.6, 2.6, (150, 104, 60))


def castle(pen: Pen) -> None:
    for left, top in ((-3.2, -3.4), (1.8, -3.4), (-0.8, -4.8)):
        pen.box(left, top, left + 1.5, 1.8, pen.coat)
        pen.shape((left - 0.3, top), (left + 0.75, top - 1.8), (left + 1.8, top), fill=pen.shade)
    pen.box(-2.4, -1.4, 2.4, 1.8, pen.coat)
    pen.box(-0.6, 0.2, 0.6, 1.8, DARK)
    sway = 0.3 * math.sin(pen.seconds * 5)
    pen.shape((-0.05, -6.6), (1.3, -7.3 + sway), (-0.05, -7.6), fill=(214, 70, 70))


def house(pen: Pen) -> None:
    pen.box(-2, -1.2, 2, 1.8, pen.coat)
    pen.shape((-2.5, -1.2), (0, -3.4), (2.5, -1.2), fill=pen.shade)
    pen.box(-0.4, 0.2, 0.5, 1.8, DARK)
    glow = (255, 226, 140) if math.sin(pen.seconds * 3) > -0.7 else GLASS
    for window in (-1.5, 0.9):
        pen.box(window, -0.6, window + 0.7, 0.1, glow)


def flowers(pen: Pen) -> None:
    for index, foot in enumerate((-3.0, -1.4, 0.2, 1.8, 3.2)):
        sway = 0.4 * math.sin(pen.seconds * 2 + index)
        high = -1.2 - 0.7 * (index % 3)
        pen.line((foot, 2.0), (foot + sway, high), width=0.18, fill=(60, 120, 60))
        for petal in range(6):
            turn = petal * math.tau / 6
            x, y = foot + sway + 0.6 * math.cos(turn), high + 0.6 * math.sin(turn)
            pen.oval(x - 0.42, y - 0.42, x + 0.42, y + 0.42, pen.coat)
        pen.oval(foot + sway - 0.35, high - 0.35, foot + sway + 0.35, high + 0.35, (250, 210, 80))
