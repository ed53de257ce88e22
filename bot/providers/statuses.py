"""What an HTTP status means where the service itself says nothing more exact."""

from collections.abc import Mapping

from bot.errors import (
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
)

_MEANT: Mapping[int, type[ProviderError]] = {
    401: ProviderCredentialsError,
    402: ProviderBalanceError,
    403: ProviderCredentialsError,
    408: ProviderUnavailableError,
    409: ProviderUnavailableError,
    425: ProviderUnavailableError,
    429: ProviderRateLimitedError,
}


def meant_by(status: int) -> type[ProviderError]:
    """For a redirect and any 4xx; what is not known refuses the request as it stands."""
    return _MEANT.get(status, ProviderRejectedRequestError)
