import logging

import pytest

from bot.logs import Redaction, set_up_logs

CANARIES = [
    "my-very-own-secret",
    "sk-nano-12345678-aaaa-bbbb",
    "whsec_abcdefgh",
    "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDe.abcdefghijklmnopqrstuvwxyz0",
]


FORMS = pytest.mark.parametrize("form", ["text", "json"])


@pytest.fixture(autouse=True)
def _root_logger_as_it_was():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def set_up(form):
    set_up_logs(level="INFO", form=form, secrets=["my-very-own-secret"])
    return logging.getLogger("tests.logs")


@FORMS
@pytest.mark.parametrize("canary", CANARIES)
def test_no_secret_reaches_a_log_line(form, canary, capsys):
    log = set_up(form)

    log.info("asked", extra={"detail": f"with {canary} in it"})
    log.info("said %s", canary)

    written = capsys.readouterr().err
    assert canary not in written
    assert "[redacted]" in written


@FORMS
def test_no_secret_reaches_a_traceback(form, capsys):
    log = set_up(form)
    secret = CANARIES[0]

    log.error("broke", exc_info=ValueError(secret))

    written = capsys.readouterr().err
    assert "ValueError" in written
    assert secret not in written


def test_a_password_in_an_address_is_taken_out():
    text = Redaction([]).text("postgresql://showreel:hunter2@db/showreel")

    assert text == "postgresql://[redacted]@db/showreel"


@FORMS
def test_what_belongs_to_an_event_is_kept(form, capsys):
    set_up(form).info("job_submitted", extra={"job_id": "abc"})

    written = capsys.readouterr().err
    assert "job_submitted" in written
    assert "abc" in written
