"""What commands, options and choices are called: patterns, lengths, languages and their sum."""

from sandbox.discord.errors import FormErrors
from sandbox.discord.interactions.commands import limits
from sandbox.discord.interactions.form_checks import at, check_length
from sandbox.discord.state.models import Json


def check_name(item: Json, path: str, faults: FormErrors) -> None:
    """A name that is typed after a slash: pattern, and lower case where there is such a thing."""
    _check_slash_name(item.get("name"), at(path, "name"), faults)
    localized = localizations(item, "name", path, faults)
    for locale, name in localized.items():
        _check_slash_name(name, at(path, "name_localizations", locale), faults)


def check_plain_name(item: Json, path: str, faults: FormErrors) -> None:
    """The name of a context-menu command: any characters, capitals and spaces too."""
    check_length(faults, at(path, "name"), item.get("name"), 1, limits.NAME_LENGTH)
    for locale, name in localizations(item, "name", path, faults).items():
        where = at(path, "name_localizations", locale)
        check_length(faults, where, name, 1, limits.NAME_LENGTH)


def check_description(item: Json, path: str, faults: FormErrors) -> None:
    high = limits.DESCRIPTION_LENGTH
    check_length(faults, at(path, "description"), item.get("description") or None, 1, high)
    for locale, text in localizations(item, "description", path, faults).items():
        check_length(faults, at(path, "description_localizations", locale), text, 1, high)


def localizations(item: Json, field: str, path: str, faults: FormErrors) -> Json:
    """The texts by locale; locales that Discord does not have are noted."""
    texts = item.get(f"{field}_localizations") or {}
    if not isinstance(texts, dict):
        faults.wrong_type(at(path, f"{field}_localizations"), "dictionary")
        return {}
    for locale in texts.keys() - limits.LOCALES:
        where = at(path, f"{field}_localizations", locale)
        faults.add(where, "BASE_TYPE_CHOICES", f"{locale} is not a locale of Discord's.")
    return texts


def count_characters(item: Json) -> int:
    """Names, descriptions and values all the way down, each in its longest language."""
    value = item.get("value")
    own = _longest(item, "name") + _longest(item, "description")
    own += len(value) if isinstance(value, str) else 0
    nested = [*(item.get("options") or []), *(item.get("choices") or [])]
    return own + sum(count_characters(child) for child in nested if isinstance(child, dict))


def _check_slash_name(name: object, path: str, faults: FormErrors) -> None:
    if not check_length(faults, path, name, 1, limits.NAME_LENGTH):
        return
    text = str(name)
    if text != text.lower() or limits.CHAT_INPUT_NAME.match(text) is None:
        faults.add(path, "APPLICATION_COMMAND_INVALID_NAME", f"Command name is invalid: {text}")


def _longest(item: Json, field: str) -> int:
    localized = item.get(f"{field}_localizations")
    texts = [item.get(field), *(localized.values() if isinstance(localized, dict) else ())]
    return max((len(text) for text in texts if isinstance(text, str)), default=0)
