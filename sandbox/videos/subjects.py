"""What a video is about: a word in the prompt names it, another may name its colour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from sandbox.videos import animals, objects
from sandbox.videos.drawing import Colour, Pen


class Where(Enum):
    """At which share of the picture's height it is, and how it moves there."""

    GROUND = 0.80
    STANDING = 0.74  # on the ground, and it stays where it is
    WATER = 0.66
    SKY = 0.36


@dataclass(frozen=True, slots=True)
class Subject:
    """How it is drawn; `size` is counted in the usual unit."""

    paint: Callable[[Pen], None]
    coat: Colour
    where: Where = Where.GROUND
    size: float = 1.0


_TABLE: dict[str, Subject] = {
    "fox": Subject(animals.fox, (214, 108, 44)),
    "wolf": Subject(animals.runner, (132, 140, 152)),
    "dog retriever puppy": Subject(animals.runner, (206, 158, 92)),
    "bear": Subject(animals.runner, (110, 74, 48), size=1.5),
    "lion": Subject(animals.runner, (222, 170, 84), size=1.2),
    "tiger": Subject(animals.runner, (232, 132, 40), size=1.2),
    "cat kitten": Subject(animals.cat, (112, 106, 124)),
    "horse pony unicorn deer": Subject(animals.horse, (150, 96, 58), size=1.1),
    "elephant": Subject(animals.elephant, (150, 152, 162), size=1.3),
    "rabbit bunny hare": Subject(animals.rabbit, (226, 218, 208)),
    "fish shark dolphin": Subject(animals.fish, (244, 146, 62), Where.WATER),
    "whale": Subject(animals.whale, (70, 96, 132), Where.WATER, 1.2),
    "bird eagle owl gull crow parrot": Subject(animals.bird, (48, 44, 60), Where.SKY),
    "butterfly moth bee": Subject(animals.butterfly, (236, 124, 170), Where.SKY),
    "dragon dinosaur": Subject(animals.dragon, (92, 160, 92), Where.SKY, 1.1),
    "robot": Subject(objects.robot, (164, 176, 190), size=1.2),
    "astronaut": Subject(objects.astronaut, (236, 238, 242), size=1.2),
    "person people man woman girl boy child kid dancer knight wizard surfer hiker skier": Subject(
        objects.person, (196, 72, 84), size=1.1
    ),
    "car taxi truck bus van": Subject(objects.car, (206, 60, 56)),
    "train tram locomotive": Subject(objects.train, (60, 110, 90)),
    "boat ship sailboat yacht": Subject(objects.boat, (164, 92, 58), Where.WATER, 1.1),
    "plane airplane jet": Subject(objects.plane, (232, 236, 240), Where.SKY),
    "rocket spaceship spacecraft": Subject(objects.rocket, (232, 234, 240), Where.SKY, 1.1),
    "balloon": Subject(objects.balloon, (226, 84, 76), Where.SKY, 1.1),
    "castle palace fortress": Subject(objects.castle, (150, 146, 158), Where.STANDING, 1.1),
    "house cabin cottage hut": Subject(objects.house, (196, 150, 110), Where.STANDING, 1.1),
    "flower flowers rose tulip tulips sunflower": Subject(
        objects.flowers, (228, 92, 130), Where.STANDING
    ),
}
SUBJECTS = {word: subject for words, subject in _TABLE.items() for word in words.split()}
COLOURS: dict[str, Colour] = {
    "red": (206, 54, 52),
    "orange": (238, 136, 44),
    "yellow": (242, 206, 70),
    "green": (78, 164, 88),
    "blue": (66, 120, 210),
    "purple": (142, 84, 190),
    "pink": (240, 132, 178),
    "white": (244, 244, 246),
    "black": (36, 36, 44),
    "grey": (146, 150, 158),
    "gray": (146, 150, 158),
    "brown": (128, 84, 52),
}


def subject_of(words: Sequence[str]) -> Subject | None:
    """The first thing that is named, in one or in many; None for a mere landscape."""
    singular = (word if word in SUBJECTS else word.removesuffix("s") for word in words)
    return next((SUBJECTS[word] for word in singular if word in SUBJECTS), None)


def coat_of(words: Sequence[str], subject: Subject) -> Colour:
    """The first colour that is named, or the subject's own."""
    return next((COLOURS[word] for word in words if word in COLOURS), subject.coat)
