"""The local NanoPhoto's answers around the content: two envelopes, more fields, a wall."""

from tests.contract.local_nanophoto.wire import a_shot
from tests.local_nanophoto import GENERATE, STATUS, Json


async def test_the_overview_s_envelope_has_success_and_the_page_s_has_not(wire):
    async def answers() -> list[Json]:
        (task,) = (await wire.generate())[1]["shots"]
        return [
            (await wire.generate())[1],
            (await wire.check(task))[1],
            (await wire.call("POST", STATUS, {}))[1],
            (await wire.call("POST", STATUS, {}, key="no"))[1],
        ]

    assert all("success" not in answer for answer in await answers())
    await wire.switch(envelope="overview")
    assert [answer["success"] for answer in await answers()] == [True, True, False, False]
    await wire.switch(fail="generate_200_failed")
    assert (await wire.generate())[1]["success"] is False


async def test_fields_that_no_document_names_can_come_with_every_answer(wire):
    _, plain = await wire.generate()
    await wire.switch(extra_fields=True)
    _, more = await wire.generate()
    _, refused = await wire.call("POST", GENERATE, {})
    _, told = await wire.check(*more["shots"])

    assert set(more) > set(plain)
    assert set(more["shots"][0]) > set(plain["shots"][0])
    assert set(refused) > {"error", "errorCode"}
    assert set(told["shots"][0]) > {"shotId", "taskId", "status"}


async def test_the_wall_lets_only_browsers_through_and_answers_with_a_page(wire):
    await wire.switch(bot_wall=True)

    status, page = await wire.call("POST", GENERATE, {"shots": [a_shot()]}, key=None)
    assert (status, page[:6]) == (403, "<html>")
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    assert (await wire.call("POST", GENERATE, {"shots": [a_shot()]}, headers=browser))[0] == 200
