"""A pen for one object in a picture: places and sizes are in the object's own unit."""

from dataclasses import dataclass

from PIL import ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

DARK = (20, 20, 24)
WHITE = (250, 246, 240)


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws around (`x`, `y`), in pixels; `seconds` is the moment, `coat` the thing's colour."""

    draw: ImageDraw.ImageDraw
    x: float
    y: float
    unit: float
    seconds: float
    coat: Colour

    @property
    def shade(self) -> Colour:
        red, green, blue = (int(part * 0.55) for part in self.coat)
        return red, green, blue

    def oval(self, left: float, top: float, right: float, low: float, fill: Colour) -> None:
        self.draw.ellipse((*self._at(left, top), *self._at(right, low)), fill=fill)

    def box(self, left: float, top: float, right: float, low: float, fill: Colour) -> None:
        self.draw.rectangle((*self._at(left, top), *self._at(right, low)), fill=fill)

    def shape(self, *points: Point, fill: Colour) -> None:
        self.draw.polygon([self._at(*point) for point in points], fill=fill)

    def line(self, *points: Point, width: float, fill: Colour) -> None:
        places = [self._at(*point) for point in points]
        self.draw.line(places, fill=fill, width=max(2, int(self.unit * width)))

    def _at(self, x: float, y: float) -> Point:
        return self.x + x * self.unit, self.y + y * self.unit
