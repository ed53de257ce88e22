"""How long the check of a prompt takes against a server's full word list.

`python -m bench.words` checks prompts of several kinds against a thousand words and phrases, each
many times, and prints the CPU time of one check, which what else the machine does hardly changes. No
word is found: that takes longest.
"""

import random
import time
from collections.abc import Callable

from bench.host import described, percentile, table
from bot.guilds.words import MAX_WORDS, WordList

TIMES = 1_000
LIMIT_MILLISECONDS = 1.0
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CYRILLIC = "бгджзилпфцчшщэюя"
HAN = "".join(map(chr, range(0x4E00, 0x4E00 + 400)))


def made_word(dice: random.Random, letters: str, fewest: int, most: int) -> str:
    return "".join(dice.choices(letters, k=dice.randint(fewest, most)))


def made_list(dice: random.Random) -> list[str]:
    """Words, phrases, words of another script, and words without spaces."""

    def word() -> str:
        return made_word(dice, LETTERS, 5, 10)

    makers: tuple[Callable[[], str], ...] = (
        word,
        word,
        lambda: f"{word()} {word()}",
        lambda: made_word(dice, CYRILLIC, 5, 10),
        lambda: made_word(dice, HAN, 2, 4),
    )
    return [makers[number % len(makers)]() for number in range(MAX_WORDS)]


def prompts(dice: random.Random) -> dict[str, str]:
    """Of the length that members write, and of the longest that a form takes."""

    def text(letters: str, words: int, separator: str = " ") -> str:
        return separator.join(made_word(dice, letters, 2, 9) for _ in range(words))

    return {
        "a sentence": text(LETTERS, 20),
        "1,000 characters": text(LETTERS, 154)[:1000],
        "1,000 characters with digits for letters": text(f"{LETTERS}013", 154)[:1000],
        "1,000 Cyrillic characters": text(CYRILLIC, 154)[:1000],
        "1,000 Chinese characters": text(HAN, 154, "")[:1000],
        "1,000 letters with spaces between": " ".join(dice.choices(LETTERS, k=500)),
        "4,000 characters, as long as a form takes": text(LETTERS, 616)[:4000],
    }


def run(times: int) -> str:
    """Measure each kind, and describe it."""
    dice = random.Random(7)  # noqa: S311 - repeatable, nothing secret
    listed = made_list(dice)
    begun = time.thread_time()
    words = WordList(listed)
    prepared = (time.thread_time() - begun) * 1000
    rows = []
    for kind, prompt in prompts(dice).items():
        taken = []
        for _ in range(times):
            begun = time.thread_time()
            found = words.find(prompt)
            taken.append((time.thread_time() - begun) * 1000)
            if found is not None:
                raise AssertionError(found)
        shown = (percentile(taken, share) for share in (0.5, 0.99))
        rows.append([kind, *(f"{one:.3f}" for one in shown)])
    head = ["prompt", "median (ms of CPU)", "p99 (ms of CPU)"]
    return (
        f"## Words that a server does not allow\n\nA prompt against {MAX_WORDS:,} words and phrases,"
        f" {times:,} times each; at most {LIMIT_MILLISECONDS:.0f} ms is wanted. A list is prepared"
        f" once after a change, in {prepared:.0f} ms.\n\n{table(head, rows)}\n"
    )


if __name__ == "__main__":
    print(f"{described()}\n\n{run(TIMES)}")
