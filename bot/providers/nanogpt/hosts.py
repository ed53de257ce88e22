"""NanoGPT's two hosts, which are one service.

Source: NanoGPT's pages on its API hosts: `api.nano-gpt.com` is recommended for requests with a key,
`nano-gpt.com` answers the same ones. A film's address may name either of them.
"""

from yarl import URL

HOSTS = frozenset({"nano-gpt.com", "api.nano-gpt.com"})


def with_api_path(base_url: str) -> str:
    """`https://api.nano-gpt.com` as the address of its API; any other address as it stands."""
    url = URL(base_url)
    is_bare = url.host in HOSTS and url.path in {"", "/"}
    return str(url.with_path("/api")) if is_bare else base_url


def origin_of(address: str, base: URL) -> URL:
    """The origin that an address may be fetched from with the key: ours, or its twin's.

    The twin has our scheme and our port; whatever else an address names gets no key.
    """
    try:
        url = base.join(URL(address))
        twin = url.origin()
    except ValueError:
        return base
    is_twin = base.host in HOSTS and url.host in HOSTS
    return twin if is_twin and (url.scheme, url.port) == (base.scheme, base.port) else base
