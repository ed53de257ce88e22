"""Whatever may come in place of an answer of NanoPhoto: nearly right, half right, anything."""

from typing import Any

from hypothesis import strategies as st

VIDEO = "https://video.nanophoto.ai/veo/a.mp4"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["completed", "failed", "processing", "task_1", "shot-1", VIDEO, "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def objects(**sound: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with these fields, each absent, sound or anything."""
    optional = {name: JSON | st.sampled_from(values) for name, values in sound.items()}
    return st.fixed_dictionaries({}, optional=optional)


SHOTS = objects(
    shotId=["shot-1", "shot-2"],
    taskId=["task_1", "task_2"],
    status=["completed", "processing", "failed", "new"],
    videoUrl=[VIDEO],
    generationTime=[90],
    error=["Video generation failed", "Task not found"],
)
ANSWERS = JSON | st.fixed_dictionaries(
    {}, optional={"status": JSON, "creditsUsed": JSON, "shots": JSON | st.lists(SHOTS, max_size=4)}
)
