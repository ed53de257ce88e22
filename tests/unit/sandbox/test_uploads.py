import pytest

from sandbox.discord.uploads import sanitised


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("film.mp4", "film.mp4"),
        ("my film (1).mp4", "my_film_1.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\a.mp4", "a.mp4"),
        ("🎬.mp4", "unknown.mp4"),
        (".hidden", "hidden"),
        ("", "unknown"),
    ],
)
def test_a_file_name_is_made_harmless(given: str, kept: str) -> None:
    assert sanitised(given) == kept
