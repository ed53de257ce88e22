import itertools
import re
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.providers.registry import PROVIDERS
from bot.settings import load_settings, settings_class

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in settings_class().model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_example_names_every_setting_and_no_other():
    named = set(re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), flags=re.MULTILINE))

    assert named == {name.upper() for name in settings_class().model_fields}


def test_the_example_carries_the_defaults(tmp_path):
    (tmp_path / ".env").write_text(EXAMPLE.read_text())

    assert load_settings() == load_settings(_env_file=None)


def test_every_setting_in_the_example_is_explained():
    lines = EXAMPLE.read_text().splitlines()
    bare = {spec.variable(field) for spec in PROVIDERS for field in ("api_key", "base_url")}
    unexplained = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"[A-Z_]+=", line)
        and not before.startswith(("#", "HTTP_HOST"))
        and line.partition("=")[0] not in bare
    ]

    assert unexplained == []


def section_of(spec):
    """A provider's part of the example."""
    yield f"# {spec.label}: {spec.summary}"
    for name, field in spec.settings.model_fields.items():
        if field.description:
            yield f"# {field.description}"
        yield f"{spec.variable(name)}={field.default or ''}"


@pytest.mark.parametrize("spec", PROVIDERS, ids=lambda spec: spec.name)
def test_the_example_says_of_a_provider_what_its_specification_does(spec):
    assert "\n".join(section_of(spec)) in EXAMPLE.read_text()


def test_all_that_is_wrong_is_named_at_once_and_without_values(monkeypatch):
    monkeypatch.setenv("HTTP_PORT", "eighty")
    monkeypatch.setenv("LOG_LEVEL", "CHATTY")
    monkeypatch.setenv("FETCH_ALLOW_HOSTS", "localhost")

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    text = str(caught.value)
    assert "HTTP_PORT" in text
    assert "LOG_LEVEL" in text
    assert "FETCH_ALLOW_HOSTS: write each entry as host:port" in text
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

    with pytest.raises(ConfigurationError, match=f"{name}: .*starts with"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("NANOGPT_APIKEY", "NANOGPT_API_KEY"),
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("keep_video_days", "KEEP_VIDEOS_DAYS"),
    ],
)
def test_a_name_in_the_file_that_is_nearly_a_settings_is_no_silent_nothing(tmp_path, name, meant):
    (tmp_path / ".env").write_text(f"LOG_LEVEL=LOUD\n{name}=secret\n")

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    assert f"{name} in .env: no such setting; did you mean {meant}" in str(caught.value)
    assert "LOG_LEVEL" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_what_the_file_says_to_other_programs_is_theirs(tmp_path):
    others = (
        "POSTGRES_PASSWORD=a\nTZ=UTC\nSANDBOX_PORT=1\nCOMPOSE_PROJECT_NAME=b\ndata_dir=videos\n"
    )
    (tmp_path / ".env").write_text(others)

    assert load_settings().data_dir == Path("videos")


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


# The kind: a line of the file that python-dotenv cannot read and passes over, in whatever way.
@pytest.mark.parametrize(
    "line",
    [
        "DISCORD_TOKEN: abc.def",
        "DISCORD_TOKEN abc.def",
        "DISCORD_TOKEN",
        "DISCORD_TOKEN = 'abc.def",
        'DISCORD_TOKEN="abc.def',
        "export DISCORD_TOKEN",
        "set DISCORD_TOKEN=abc.def",
        "- DISCORD_TOKEN=abc.def",
        "DISCORD_TOKEN=>abc.def\n=abc.def",
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_that_names_it_and_shows_nothing_of_it(
    tmp_path, line
):
    env_file = tmp_path / ".env"
    env_file.write_text(f"# settings\n\nLOG_LEVEL=INFO\n{line}\n", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(_env_file=str(env_file))

    number = 4 + line.count("\n")
    assert f"line {number} of {env_file} can't be read: write NAME=value" in str(caught.value)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["LOG_LEVEL=DEBUG", "export LOG_LEVEL=DEBUG", "LOG_LEVEL = 'DEBUG'", "  LOG_LEVEL=DEBUG # x"],
)
def test_lines_in_every_usual_form_are_read(tmp_path, line):
    env_file = tmp_path / ".env"
    env_file.write_text(f"\ufeff# settings\r\n\r\n{line}\r\nDATA_DIR=\r\n", "utf-8")

    assert load_settings(_env_file=str(env_file)).log_level == "DEBUG"


# The kind: a file that is there and tells nothing, so that the bot would start without its token.
@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "cp1252"])
def test_a_file_that_is_no_utf_8_is_one_sentence(tmp_path, encoding):
    env_file = tmp_path / ".env"
    env_file.write_text("# Schl\u00fcssel\nDISCORD_TOKEN=abc.def\n", encoding)

    with pytest.raises(ConfigurationError, match="save it as UTF-8") as caught:
        load_settings(_env_file=str(env_file))
    assert "abc" not in str(caught.value)


def test_a_folder_in_the_files_place_is_one_sentence(tmp_path):
    (tmp_path / ".env").mkdir()

    with pytest.raises(ConfigurationError, match=r"\.env can't be read: Is a directory"):
        load_settings()


# The kind: a key that was copied with something else, which no header takes.
@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "NANOGPT_API_KEY", "NANOPHOTO_API_KEY"])
@pytest.mark.parametrize(
    "value",
    [
        "\u201cabc.def\u201d",
        "abc.def\nx",
        "Bot abc.def",
        "abc\u200b.def",
        "abc\u00a0def",
        "abc\x7f",
    ],
)
def test_a_key_that_no_header_takes_is_named_and_not_shown(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=f"^{name}: .*copy it again") as caught:
        load_settings()
    assert "abc" not in str(caught.value)


def test_white_space_around_a_key_is_none_of_it(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", " abc.def-_\r\n")

    token = load_settings().discord_token
    assert token is not None
    assert token.get_secret_value() == "abc.def-_"


# The kind: every secret, in a file as a container platform writes it.
SECRETS = ["DISCORD_TOKEN", "DATABASE_URL", "NANOGPT_API_KEY", "NANOPHOTO_API_KEY"]


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("is_in_file", [False, True], ids=["environment", ".env"])
def test_a_secret_is_read_from_the_file_that_is_named(monkeypatch, tmp_path, name, is_in_file):
    (tmp_path / "secret").write_text("sqlite:///there\n")
    if is_in_file:
        (tmp_path / ".env").write_text(f"{name}_FILE={tmp_path}/secret\n")
    else:
        monkeypatch.setenv(f"{name}_FILE", f"{tmp_path}/secret")

    secret = getattr(load_settings(), name.lower())
    assert secret.get_secret_value() == "sqlite:///there"


def test_what_is_said_outright_comes_before_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("postgresql://elsewhere")
    monkeypatch.setenv("DATABASE_URL_FILE", f"{tmp_path}/secret")

    assert load_settings(database_url=None).database_url is None
    monkeypatch.setenv("DATABASE_URL", "sqlite:///here")
    assert load_settings().database == "sqlite:///here"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "DISCORD_TOKEN_FILE: .*secret can't be read: No such file"),
        (b"\xff\xfe", "DISCORD_TOKEN_FILE: .*secret can't be read: it isn't UTF-8"),
        (b"abc def", "^DISCORD_TOKEN: .*copy it again"),
    ],
)
def test_a_secret_that_cannot_be_read_is_named_and_not_shown(monkeypatch, tmp_path, content, said):
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", f"{tmp_path}/secret")

    with pytest.raises(ConfigurationError, match=said) as caught:
        load_settings()
    assert "abc" not in str(caught.value)


def test_a_name_of_a_file_is_missed_as_any_other(tmp_path):
    (tmp_path / ".env").write_text("DISCORD_TOKEN_FIEL=/run/secrets/token\n")

    with pytest.raises(ConfigurationError, match="did you mean DISCORD_TOKEN_FILE"):
        load_settings()


def test_a_setting_is_also_read_by_its_former_name(tmp_path):
    file = tmp_path / ".env"
    file.write_text("KEEP_FILMS_DAYS=12\n")

    assert load_settings(_env_file=str(file)).keep_videos_days == 12
    assert load_settings(keep_videos_days=3, _env_file=None).keep_videos_days == 3
