"""The local NanoPhoto answers the examples of NanoPhoto's page as the page says."""

from tests.contract.local_nanophoto.wire import a_shot, shots
from tests.local_nanophoto import KEY, PICTURE


async def test_the_first_example_of_the_page_is_answered_as_the_page_says(wire):
    status, body = await wire.generate(a_shot(), resolution="720p")

    assert status == 200
    (shot,) = body["shots"]
    assert body == {"status": "processing", "shots": [shot], "creditsUsed": 10}
    assert set(shot) == {"shotId", "taskId", "status"}
    assert (shot["shotId"], shot["status"]) == ("shot-1", "processing")
    assert shot["taskId"].removeprefix("task_").isalnum()
    assert shot["taskId"] == shot["taskId"].lower()


async def test_the_page_s_picture_is_taken_by_its_public_address(wire):
    shot = a_shot(generationType="REFERENCE_2_VIDEO", imageUrls=[PICTURE])

    status, body = await wire.generate(shot, resolution="720p")

    assert (status, body["creditsUsed"]) == (200, 10)


async def test_a_task_is_processing_until_it_is_completed_with_an_address_and_a_time(wire, gate):
    _, body = await wire.generate()
    (task,) = body["shots"]

    assert await wire.check(task, resolution="720p") == (
        200,
        {"status": "processing", "shots": [task]},
    )
    gate.release()
    await wire.service.making[task["taskId"]]
    address = f"{wire.service.storage_origin}/storage/{task['taskId']}.mp4"
    done = task | {"status": "completed", "videoUrl": address, "generationTime": 0}
    for _ in range(2):  # a status can be asked for again
        assert await wire.check(task) == (200, {"status": "completed", "shots": [done]})


async def test_a_failed_task_says_so_in_the_page_s_words(wire):
    await wire.switch(fail="all")
    (task,) = await wire.made()

    failed = task | {"status": "failed", "error": "Video generation failed"}
    assert await wire.check(task) == (200, {"status": "failed", "shots": [failed]})


async def test_the_page_s_client_goes_from_a_request_to_its_videos(wire):
    _, data = await wire.generate(*shots(3), resolution="720p")
    assert data["status"] != "failed"
    await wire.service.making[data["shots"][0]["taskId"]]

    _, status = await wire.check(*data["shots"], resolution="720p")

    assert status["status"] == "completed"
    assert len({shot["videoUrl"] for shot in status["shots"]}) == 3


async def test_an_empty_account_hears_the_page_s_words(wire):
    await wire.switch(balances={KEY: 9})

    assert await wire.generate() == (
        402,
        {
            "error": "Insufficient credits",
            "errorCode": "INSUFFICIENT_CREDITS",
            "requiredCredits": 10,
        },
    )
    assert wire.service.books.entries == []
