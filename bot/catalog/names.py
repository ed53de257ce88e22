"""Find a model by what a member types: an id, a shown name, or its beginning.

Upper and lower case, spaces and invisible characters make no difference. What fits several models is
answered with their ids, never with a guess.
"""

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.catalog.capability import Capability

MAX_TYPED = 80  # characters that an answer repeats
MAX_NEAR = 3
SEPARATOR = " · "  # between the name and the price in autocomplete
CUT = "…"  # the end of a text that was too long for autocomplete

Spelling = Callable[[Capability], Iterable[str]]
_SPELLINGS: tuple[Spelling, ...] = (
    lambda one: (one.model_id,),
    lambda one: one.other_ids,
    lambda one: (one.name,),
)


def named(text: str, models: Iterable[Capability]) -> Capability | None:
    """Return the model that the text names; None if it fits none or several."""
    found = candidates(text, models)
    return found[0] if len(found) == 1 else None


def candidates(text: str, models: Iterable[Capability]) -> list[Capability]:
    """Return the models that the text may name; an exact id or name is the only one.

    An autocomplete text is "Kling 3.0 · text · $0.42 · ~90 s"; a name may have such dots, too.
    """
    listed = list(models)
    for spelt in _read(text):
        for key in (_same, _tight):
            for spelling in _SPELLINGS:
                wanted = key(spelt)
                found = [one for one in listed if wanted and wanted in map(key, spelling(one))]
                if found:
                    return found
    beginning = _tight(text.strip().removesuffix(CUT))
    return [one for one in listed if beginning and _begins(one, beginning)]


def unclear(text: str, models: Iterable[Capability]) -> str:
    """Say that a text names no model, or several, and which are near."""
    listed = list(models)
    typed = _same(text).replace("`", "")[:MAX_TYPED]
    found = candidates(text, listed)
    if found:
        some = found[:MAX_NEAR]
        which = _listed([one.model_id for one in some], "and")
        example = f", for example {which}" if len(found) > len(some) else f": {which}"
        return f"`{typed}` fits {len(found)} models{example}. Write the whole id, or choose one from the list."
    near = _near(typed, listed)
    hint = (
        f"Did you mean {_listed(near, 'or')}?"
        if near
        else "Choose one from the list under `model`."
    )
    return f"There's no model `{typed}`. {hint}"


def _near(typed: str, models: Sequence[Capability]) -> list[str]:
    names = {_same(one.name): one for one in models} | {_same(one.model_id): one for one in models}
    found = difflib.get_close_matches(typed, names, n=MAX_NEAR, cutoff=0.4)
    return list(dict.fromkeys(names[name].model_id for name in found))


def _read(text: str) -> Iterator[str]:
    """Yield the text, then what is left without the last part of an autocomplete text, and so on."""
    while text:
        yield text
        text = text.rpartition(SEPARATOR)[0]


def _begins(capability: Capability, beginning: str) -> bool:
    spellings = (capability.model_id, capability.name)
    return any(_tight(one).startswith(beginning) for one in spellings)


def _same(text: str) -> str:
    """Return the text in small letters, with single spaces and without invisible characters."""
    plain = unicodedata.normalize("NFKC", text)
    visible = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    return " ".join(visible.casefold().split())


def _tight(text: str) -> str:
    return _same(text).replace(" ", "")


def _listed(ids: Sequence[str], last: str) -> str:
    quoted = [f"`{one}`" for one in ids]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
