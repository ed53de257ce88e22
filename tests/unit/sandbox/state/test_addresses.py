from urllib.parse import parse_qs, urlsplit

from sandbox.clock import SandboxClock
from sandbox.discord.state.addresses import EPHEMERAL_SECONDS, Addresses
from sandbox.discord.state.models import Attachment


def opens(addresses: Addresses, url: str) -> bool:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    path = parts.path.removeprefix("/cdn")
    return addresses.is_valid(path, query["ex"][0], query["is"][0], query["hm"][0])


def test_an_ephemeral_upload_is_gone_sooner() -> None:
    clock = SandboxClock()
    addresses = Addresses(clock, b"secret")
    lasting = addresses.attachment(1, Attachment(2, "a.png", 10))
    fleeting = addresses.attachment(1, Attachment(3, "a.png", 10, ephemeral=True))

    clock.advance(EPHEMERAL_SECONDS)

    assert (opens(addresses, lasting), opens(addresses, fleeting)) == (True, False)


def test_a_signature_is_for_one_file_and_one_sandbox() -> None:
    clock = SandboxClock()
    addresses = Addresses(clock, b"secret")
    url = addresses.attachment(1, Attachment(2, "a.png", 10))

    assert not opens(addresses, url.replace("/2/", "/3/"))
    assert not opens(Addresses(clock, b"other"), url)


def test_a_bare_address_is_signed_again_and_a_foreign_one_left_alone() -> None:
    addresses = Addresses(SandboxClock(), b"secret")
    bare = addresses.attachment(1, Attachment(2, "a.png", 10)).partition("?")[0]

    assert opens(addresses, addresses.resigned(bare))
    assert addresses.resigned("https://example.com/a.png") == "https://example.com/a.png"


def test_nonsense_for_an_expiry_opens_nothing() -> None:
    addresses = Addresses(SandboxClock(), b"secret")

    assert not addresses.is_valid("/attachments/1/2/a.png", "zz", "zz", "zz")
