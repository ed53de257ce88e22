"""Pictures that a video service fetches itself: from their address alone, without a cookie."""

import aiohttp

from sandbox.videos.rendering import RenderingError

DEADLINE_SECONDS = 20.0


async def fetched(address: str) -> bytes:
    """The picture at an address. Raises RenderingError, which names no address."""
    limits = aiohttp.ClientTimeout(total=DEADLINE_SECONDS)
    jar = aiohttp.DummyCookieJar()
    try:
        async with (
            aiohttp.ClientSession(timeout=limits, cookie_jar=jar) as session,
            session.get(address) as response,
        ):
            response.raise_for_status()
            return await response.read()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        msg = "an image could not be fetched"
        raise RenderingError(msg) from error
