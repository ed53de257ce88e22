"""Videos on the disk, with a real ffmpeg and videos that it really made."""

from pathlib import Path

from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.videos.store import DiskVideoStore
from sandbox.videos.rendering import Renderer, RenderRequest
from tests.factories import new_job_id


async def test_a_video_in_a_folder_named_relative_to_here_is_measured(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store, job_id = DiskVideoStore(Path("videos"), Ffmpeg(find_ffmpeg())), new_job_id()
    await Renderer().render(RenderRequest("snow", seconds=1, resolution="360p"), store.path(job_id))

    artifact = await store.inspect(job_id)

    assert (artifact.width, artifact.height) == (640, 360)
    assert artifact.duration_seconds == 1.0
    assert artifact.key == f"{job_id}.mp4"
