import logging

import pytest

from bot.logs import Redaction, set_up_logs

CANARIES = [
    "my-very-own-secret",
    "sk-nano-12345678-aaaa-bbbb",
    "whsec_abcdefgh",
    "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDe.abcdefghijklmnopqrstuvwxyz0",
]


@pytest.fixture(params=["text", "json"])
def log(request, capsys):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up_logs(level="INFO", form=request.param, secrets=["my-very-own-secret"])
    yield logging.getLogger("tests.logs")
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("canary", CANARIES)
def test_no_secret_reaches_a_log_line(log, capsys, canary):
    log.info("asked", extra={"detail": f"with {canary} in it"})
    log.info("said %s", canary)

    written = capsys.readouterr().err
    assert canary not in written
    assert "[redacted]" in written


def test_no_secret_reaches_a_traceback(log, capsys):
    secret = CANARIES[0]
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("broke")

    written = capsys.readouterr().err
    assert "Traceback" in written
    assert secret not in written


def test_a_password_in_an_address_is_taken_out():
    text = Redaction([]).text("postgresql://showreel:hunter2@db/showreel")

    assert text == "postgresql://[redacted]@db/showreel"


def test_what_belongs_to_an_event_is_kept(log, capsys):
    log.info("job_submitted", extra={"job_id": "abc"})

    written = capsys.readouterr().err
    assert "job_submitted" in written
    assert "abc" in written
