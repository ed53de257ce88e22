import itertools
import re
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.settings import Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_example_names_every_setting_and_no_other():
    named = set(re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), flags=re.MULTILINE))

    assert named == {name.upper() for name in Settings.model_fields}


def test_the_example_carries_the_defaults(tmp_path):
    (tmp_path / ".env").write_text(EXAMPLE.read_text())

    assert load_settings() == Settings(_env_file=None)


def test_every_setting_in_the_example_is_explained():
    lines = EXAMPLE.read_text().splitlines()
    unexplained = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"[A-Z_]+=", line) and not before.startswith(("#", "NANO", "HTTP_HOST"))
    ]

    assert unexplained == []


def test_all_that_is_wrong_is_named_at_once_and_without_values(monkeypatch):
    monkeypatch.setenv("HTTP_PORT", "eighty")
    monkeypatch.setenv("LOG_LEVEL", "CHATTY")
    monkeypatch.setenv("FETCH_ALLOW_HOSTS", "localhost")

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    text = str(caught.value)
    assert "HTTP_PORT" in text
    assert "LOG_LEVEL" in text
    assert "FETCH_ALLOW_HOSTS: each entry is host:port" in text
    assert "eighty" not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NANOGPT_BASE_URL", "not a url"),
        ("NANOPHOTO_BASE_URL", "nonsense"),
        ("DISCORD_API_URL", "ftp://foo"),
        ("DISCORD_CDN_URL", "https://"),
        ("DISCORD_GATEWAY_URL", "https://gateway.example"),
    ],
)
def test_what_is_no_address_is_refused_with_what_it_must_be(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=f"{name}: .*begins with"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("NANOGPT_APIKEY", "NANOGPT_API_KEY"),
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("keep_film_days", "KEEP_FILMS_DAYS"),
    ],
)
def test_a_name_in_the_file_that_is_nearly_a_settings_is_no_silent_nothing(tmp_path, name, meant):
    (tmp_path / ".env").write_text(f"LOG_LEVEL=LOUD\n{name}=secret\n")

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    assert f"{name} in .env: there is no such setting; write {meant}" in str(caught.value)
    assert "LOG_LEVEL" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_what_the_file_says_to_other_programs_is_theirs(tmp_path):
    others = "POSTGRES_PASSWORD=a\nTZ=UTC\nSANDBOX_PORT=1\nCOMPOSE_PROJECT_NAME=b\ndata_dir=films\n"
    (tmp_path / ".env").write_text(others)

    assert load_settings().data_dir == Path("films")


def test_secrets_do_not_show_in_the_settings(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "very-secret-token")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hidden@host/db")

    shown = repr(load_settings())

    assert "very-secret-token" not in shown
    assert "hidden" not in shown


def test_the_database_is_a_file_in_the_data_folder_by_default(tmp_path):
    settings = load_settings(data_dir=tmp_path)

    assert settings.database == f"sqlite:///{tmp_path}/showreel.db"


def test_pairs_that_may_be_fetched_are_split(monkeypatch):
    monkeypatch.setenv("FETCH_ALLOW_HOSTS", "127.0.0.1:8420, localhost:1 ,")

    assert load_settings().fetch_allow_hosts == {"127.0.0.1:8420", "localhost:1"}
