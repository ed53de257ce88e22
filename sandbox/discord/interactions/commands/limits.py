"""Numbers and patterns that Discord holds commands to."""

import re

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11

COMMANDS_PER_TYPE = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
TOO_MANY_CODES = {CHAT_INPUT: 30032, USER: 30033, MESSAGE: 30033}
CREATES_PER_DAY = 200
OPTIONS = 25
CHOICES = 25
CHARACTERS = 8_000
NAME_LENGTH = 32
DESCRIPTION_LENGTH = 100
CHOICE_LENGTH = 100
STRING_LENGTH = 6_000
BIGGEST_NUMBER = 2**53
BIGGEST_PERMISSIONS = 18014398509481983

# Discord's own pattern is ^[-_U+02BC\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$; `re` has no script
# classes, so the blocks of Devanagari and Thai stand here for their combining marks.
CHAT_INPUT_NAME = re.compile(r"^[-_\u02bc\w\u0900-\u097f\u0e00-\u0e7f]{1,32}$")

LOCALES = frozenset({
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no",
    "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th",
    "zh-CN", "ja", "zh-TW", "ko",
})  # fmt: skip
