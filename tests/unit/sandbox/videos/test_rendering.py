"""Videos that are rendered once are what a render of their own would have been."""

from sandbox.videos.rendering import RenderOnce, RenderRequest


async def test_one_video_of_each_shape_is_rendered_and_copied(tmp_path):
    renderer = RenderOnce(tmp_path / "rendered")
    small = RenderRequest("snow", seconds=1, resolution="360p")
    tall = RenderRequest("rain", seconds=1, resolution="360p", aspect_ratio="9:16")

    for number, request in enumerate((small, tall, RenderRequest("fog", 1, "360p"))):
        await renderer.render(request, tmp_path / f"{number}.mp4")

    first, other, again = ((tmp_path / f"{number}.mp4").read_bytes() for number in range(3))
    assert first == again
    assert first != other
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "0.mp4",
        "1.mp4",
        "2.mp4",
        "rendered",
    ]
    assert len(list((tmp_path / "rendered").iterdir())) == 2
