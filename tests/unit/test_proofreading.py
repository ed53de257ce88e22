"""The reader of everything the bot says finds what it is made to find, and nothing else."""

import pytest

from tests.proofreading import faults_of

QUIET = {"parse": [], "users": ["30"], "replied_user": False}


def posted(content="your video is ready", path="/api/v10/channels/1/messages", **body):
    request = {"content": content, "allowed_mentions": QUIET, **body}
    return {"method": "POST", "path": path, "request": request, "response": {}}


def answered(kind, flags, content="✅ Done. Server-wide"):
    data = {"flags": flags}
    if kind == 4:
        data |= {"content": content, "allowed_mentions": QUIET}
    callback = {
        "method": "POST",
        "path": "/api/v10/interactions/7/abc/callback",
        "request": {"type": kind, "data": data},
        "response": {},
    }
    edit = posted(content, "/api/v10/webhooks/5/abc/messages/@original")
    return [callback] if kind == 4 else [callback, edit | {"method": "PATCH"}]


@pytest.mark.parametrize(
    "message",
    [
        posted("@everyone look"),
        posted("[Claim](https://evil.example)"),
        posted("The bot's account then holds $49.52."),
        posted("It costs None."),
        posted('Traceback (most recent call last):\n  File "a.py", line 1'),
        posted("Job(id='a', state=1)"),
        posted("Hello {name}"),
        posted(""),
        posted(allowed_mentions={"parse": ["roles"]}),
        posted(allowed_mentions={"parse": ["everyone"], "users": ["30"]}),
        posted(allowed_mentions={"parse": [], "users": ["30", "31"]}),
        posted(allowed_mentions=None),
        posted("", embeds=[{"fields": [{"name": "Price", "value": "None"}]}]),
        posted(components=[{"type": 1, "components": [{"type": 2, "label": "Make it for None"}]}]),
        posted() | {"response": {"code": 50035, "message": "Invalid Form Body"}},
    ],
)
def test_what_no_message_may_hold_is_found(message):
    assert len(faults_of([message])) == 1


@pytest.mark.parametrize("kind", [4, 5])
@pytest.mark.parametrize(("flags", "count"), [(0, 1), (64, 0)])
def test_an_admins_answer_is_found_where_everyone_reads_it(kind, flags, count):
    assert len(faults_of(answered(kind, flags))) == count


@pytest.mark.parametrize(
    "message",
    [
        posted(),
        posted("[Watch it](https://discord.com/channels/1/2/3)"),
        posted("\\[Claim\\]\\(https://evil.example\\)"),
        posted("No limits: you're exempt."),
        posted("", embeds=[{"title": "🎬 Done", "description": "> a fox"}]),
        posted("", attachments=[{"id": 0}]),
        posted() | {"method": "GET"},
        posted(path="/api/v10/channels/1/typing"),
    ],
)
def test_what_is_right_is_left_alone(message):
    assert faults_of([message]) == []
