"""Recognize content refusals in any envelope, by any service or model behind it.

A video service passes on its model makers' errors: dozens of wordings and no common code. Sources:
the pages on errors and safety of fal, Google's Veo, ByteDance's Seedance, Kling, Alibaba's Wan,
OpenAI, Runway, Luma and MiniMax, and refusals that their clients have reported.

Refusals are words in a code (`content_policy_violation`, `InputImageSensitiveContentDetected`), in
a sentence, in a list of details, in JSON inside a string; about the prompt, the picture or the
result. Not refusals are words about the account ("account blocked"), the service ("moderation
service unavailable"), a parameter ("case-sensitive", "content is required", "content too long").
"""

import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

from bot.providers.http import redacted

MAX_DEPTH = 6
_REQUEST_ID = re.compile(r"(?i)\(?\brequest[ _]?id: ?[\w-]+\)?\.?")

_TEXT_KEYS = (
    *("userFriendlyError", "message", "msg", "error", "error_message", "errorMessage", "detail"),
    *("details", "errors", "reason", "failure", "failure_reason", "failureReason", "fail_reason"),
    *("failMsg", "task_status_msg", "status_message", "block_reason", "blockReason"),
    *("raiMediaFilteredReasons", "rai_media_filtered_reasons", "moderation", "data"),
)
_WORD_KEYS = (
    "code",
    "errorCode",
    "error_code",
    "type",
    "error_type",
    "loc",
    "param",
    "failureCode",
)

_NOT_CONTENT = re.compile(
    r"moderation (?:service|provider|model|api)\b|inline moderation requires|moderation model"
    r"|\bcase sensitive|\bapi key|\baccounts? (?:is|was|has|have|been|suspended|blocked|banned)"
    r"|\bip (?:address|range|is)\b|\borigin\b|rate limit|too many requests|\bquota\b"
    r"|safety checker (?:must|is not|should|parameter)|cloudflare|\bcopyright \(c\)|\bcsrf\b"
)
_CONTENT = re.compile(
    r"content ?(?:policy|policies|moderation|filter|checker|safety|guideline|security|risk|violation"
    r"|warning|restriction|blocked|flagged|rejected|refused|not allowed)"
    r"|(?:content|prompt|image|picture|photo|video|text|audio|material|words?)\b[^.]{0,60}"
    r"\b(?:blocked|flagged|moderated|filtered|prohibited|disallowed|forbidden|violat\w+)"
    r"|\b(?:flagged|inappropriate|unsafe|offensive|harmful|objectionable)\b"
    r"|(?:blocked|flagged|rejected|filtered|refused|stopped|violat\w+|restricted)\b[^.]{0,60}"
    r"\b(?:content|safety|moderat\w*|polic\w+|sensitive|filters?|nsfw|guidelines?|unsafe)"
    r"|\bsensitive\b|\bnsfw\b|not safe for work|\bnud(?:e|ity)\b|\bsexual\w*|\bporn\w*|explicit (?:content|material|imagery)"
    r"|(?:was|were|been|is|got|model) moderated|\bby (?:\w+ ){0,2}moderation"
    r"|moderation (?:check|filter|system|blocked|fail|error|polic|flag|result|block)"
    r"|(?:fail|pass|trigger|violat)\w* (?:\w+ ){0,2}moderation|\bsafety (?:system|filters?|reasons?|concerns?|checks?|checker|polic\w+"
    r"|guidelines?|violation|settings?|standards?|restrictions?|input|output)"
    r"|responsible ai|\brai\b|raimedia|usage polic|use polic|community guideline|terms of (?:service|use)"
    r"|acceptable use|(?:against|violates?|violating|breach\w*) (?:our|the|their|its|google|openai)\b"
    r"|\blikeness|\bcelebrit|public figures?|real (?:person|people|human)|identifiable (?:person|people)"
    r"|prominent (?:person|people)|\bminors?\b|under ?age|child (?:safety|sexual|abuse)|\bcopyright"
    r"|\btrademark|intellectual property|third party content|deep ?fake|\bip (?:detection|infring)"
    r"|risk ?(?:control|detection)|data ?inspection|inappropriate|prohibited content|\bblocklist"
    r"|\bharm (?:category|ful)|\bhate (?:speech|ful)|\bself harm|\bprofan|\bgore\b|graphic violence"
    r"|polic(?:y|ies) (?:violation|restriction)|content exists risk|banned (?:words?|content|terms?)"
    r"|(?:forbidden|illegal|restricted|disallowed|prohibited|banned) (?:keywords?|words?|content|material)"
    r"|\bguard ?rails?\b|\bguidelines\b|infring\w+|\bprotected (?:ip\b|characters?\b|works?\b)"
    r"|\bviolen(?:ce|t)\b|\bweapons?\b|\bsuggestive\b|\bvulgar\b|reasons?:? safety\b"
    r"|refused to (?:generate|create|make)|prompt (?:was |is |has been )?(?:rejected|refused)\W*$"
    r"|\b(?:audit|risk) (?:fail|illegal|submit illegal|not pass)|\baudit submit illegal"
    r"|not pass\w* (?:\w+ ){0,3}(?:audit|review)|recogni[sz]able (?:person|people|faces?|individual)"
    r"|\b(?:faces?|person|people)\b[^.]{0,30}\b(?:not (?:permitted|allowed|supported)|prohibited)"
    r"|敏感|违规|违反|审核|风控|肖像|版权"
)
# Removed before matching: the same words about a download, a plan, a form or a number. The rest of
# such a text still counts.
_INNOCENT = re.compile(
    r"(?:download|fetch|load|retriev|access|upload)\w*[^.]{0,60}(?:\b40[0-9]\b|forbidden|blocked|denied)"
    r"(?: forbidden| by [^.]*)?"
    r"|unsafe (?:ur[li]s?|characters?|pickle|file ?names?|protocol|redirect)"
    r"|(?:accept|agree to|sign)\w* (?:our |the |its |their )?(?:terms|polic)[^.]*"
    r"|violat\w* (?:the |its |a )?(?:max|min|limit|constraint|schema|range|rate|type)\w*"
    r"|\bminor (?:version|release|update|error|issue)s?"
    r"|(?:error|failed|failure|unable|timed out) (?:\w+ ){0,3}(?:run\w*|perform\w*|call\w*|start\w*)"
    r" (?:\w+ ){0,2}(?:moderation|safety)[^.]*"
    r"|(?:region|country|network|security|organi[sz]ation\w*|data|privacy|retention|access|usage tier)"
    r" polic(?:y|ies)(?! violat)|restricted (?:by|to|for|in) (?:\w+ ){0,2}(?:polic\w+|pro\b|plan|tier|paid)[^.]*"
    r"|blocked in your (?:region|country)[^.]*|flagged as (?:a )?(?:duplicate|spam)"
    r"|(?:format|codec|container|file type|mime type|extension)s?\b[^.]{0,20}"
    r"(?:prohibited|forbidden|blocked|disallowed)|(?:prompt|text)s? (?:was )?filtered to\b"
    r"|blocked:? (?:storage|disk|quota|queue)[^.]*"
)
_OF_PROMPT = re.compile(r"\bprompts?\b|\btexts?\b|\bwords?\b|\bdescription\b|提示词|文本")
_OF_PICTURE = re.compile(
    r"\bimages?\b|\bimage ?ur|\bpictures?\b|\bphotos?\b|first frame|last frame|\btail\b|\breference"
    r"|\bfaces?\b|图片|图像"
)
_OF_RESULT = re.compile(
    r"\boutput|\bgenerated (?:video|content|result|media)|\bthe video (?:was|has|may|contains)"
    r"|\bresult(?:ing)?\b|raimedia|media filtered"
)
_TOPICS = (
    (re.compile(r"\bminors?\b|under ?age|\bchild"), "It may show or name a minor."),
    (
        re.compile(
            r"likeness|celebrit|public figure|prominent|real (?:person|people|human)"
            r"|identifiable|recogni[sz]able|privacy|肖像"
        ),
        "It may show or name a real person.",
    ),
    (
        re.compile(
            r"copyright|trademark|intellectual property|third party content|\bip (?:d|i)|版权"
        ),
        "It may show or name something protected by copyright or a trademark.",
    ),
    (re.compile(r"\baudio\b|\bsound\b"), "It may be about the sound; try it without."),
)


class Refused(Enum):
    """The refused content, and so what the member can change."""

    PROMPT = "The video service refused this prompt for its content. Reword it."
    PICTURE = "The video service refused this picture for its content. Use another one."
    BOTH = "The video service refused this prompt and picture for their content. Change both."
    RESULT = (
        "The video service made the video but withheld it for its content. Reword the prompt,"
        " or use another picture."
    )
    EITHER = (
        "The video service refused this prompt or picture for its content. Reword the prompt, or"
        " use another picture."
    )


def texts_of(body: Any, depth: int = MAX_DEPTH) -> Iterator[str]:
    """Yield every text of an error, in any envelope, outermost first."""
    if depth == 0:
        return
    if isinstance(body, str):
        inner = _parsed(body)
        yield from texts_of(inner, depth - 1) if inner is not None else (body,)
    elif isinstance(body, list):
        for one in body[:20]:
            yield from texts_of(one, depth - 1)
    elif isinstance(body, dict):
        for key in _TEXT_KEYS:
            if key in body:
                yield from texts_of(body[key], depth - 1)


def words_of(body: Any, depth: int = MAX_DEPTH) -> Iterator[str]:
    """Yield every machine-readable value of an error as spelt: codes, types, fields."""
    if depth == 0:
        return
    if isinstance(body, str):
        yield from words_of(_parsed(body), depth - 1)
    elif isinstance(body, list):
        for one in body[:20]:
            yield from words_of(one, depth - 1)
    elif isinstance(body, dict):
        for key in _WORD_KEYS:
            found = body.get(key)
            yield from (
                one
                for one in (found if isinstance(found, list) else [found])
                if isinstance(one, str)
            )
        for key in _TEXT_KEYS:
            if isinstance(body.get(key), dict | list | str):
                yield from words_of(body[key], depth - 1)


def refusal_of(body: Any) -> Refused | None:
    """Return what was refused for its content; None for any other error."""
    said = _INNOCENT.sub(" ", _said(body))
    if _NOT_CONTENT.search(said) or not _CONTENT.search(said):
        return None
    if _OF_RESULT.search(said) and "input or output" not in said:
        return Refused.RESULT
    of_prompt, of_picture = _OF_PROMPT.search(said), _OF_PICTURE.search(said)
    if of_prompt and of_picture:
        either = re.search(r"\bor\b[^.]{0,20}\b(?:image|picture|photo|prompt|text)", said)
        return Refused.EITHER if either else Refused.BOTH
    if of_prompt or of_picture:
        return Refused.PROMPT if of_prompt else Refused.PICTURE
    return Refused.EITHER


def advice_on(refused: Refused, body: Any) -> str:
    """Return our advice; a service's own is written for its API's users."""
    said = _said(body)
    topics = [topic for pattern, topic in _TOPICS if pattern.search(said)]
    return " ".join((refused.value, *topics[:1]))


def _said(body: Any) -> str:
    return normal(" . ".join((*words_of(body), *texts_of(body))))


def own_words(body: Any) -> str | None:
    """Return the service's sentence for the member, without details for its support."""
    said = next((_REQUEST_ID.sub("", text) for text in texts_of(body) if text.strip()), "")
    return redacted(said).strip() or None


def normal(text: str) -> str:
    """Lower-case a text and split CamelCase and snake_case."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=\w)\.(?=\w)", " ", text)
    return " ".join(re.sub(r"[_\-/]+", " ", apart).lower().split())


def _parsed(text: str) -> Any:
    """Parse JSON inside a string, as gateways wrap upstream errors, or None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
