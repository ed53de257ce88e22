"""The local NanoPhoto's store of videos: another site, where videos expire and no key belongs."""

import pytest

from tests.contract.local_nanophoto.wire import CONTROL
from tests.local_nanophoto import KEY


@pytest.mark.parametrize("gone", [403, 404])
async def test_the_store_gives_a_part_of_a_video_and_nothing_once_expired(wire, gone):
    (task,) = await wire.made()
    _, body = await wire.check(task)
    address = body["shots"][0]["videoUrl"]

    async with wire.session.get(address, headers={"Range": "bytes=4-7"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"ftyp")
        assert answer.content_type == "video/mp4"
    async with wire.session.get(f"{wire.service.storage_origin}/storage/task_none.mp4") as answer:
        assert answer.status == 404
    await wire.switch(storage_expired=True, storage_expired_status=gone)
    async with wire.session.get(address) as answer:
        assert answer.status == gone


async def test_the_store_is_another_site_and_writes_down_who_shows_it_a_key(wire):
    (task,) = await wire.made()
    address = (await wire.check(task))[1]["shots"][0]["videoUrl"]

    async with wire.session.get(address, headers={"Authorization": f"Bearer {KEY}"}) as answer:
        assert answer.status == 200

    assert not address.startswith(wire.sandbox.nanophoto.origin)
    assert (await wire.call("GET", CONTROL))[1]["keys_seen_by_storage"] == 1
