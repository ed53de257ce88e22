"""The meaning of an HTTP status if the service says nothing more exact.

Only a refusal of the key, the account or the address counts against the account: services also
answer 403 to one prompt, one picture or one model, which concerns no other job.
"""

import re
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
_ACCOUNT = re.compile(
    r"api ?key|\bkeys?\b|\btokens?\b|credential|authenti|authori[sz]|\blog ?in\b|\bsession\b"
    r"|\baccounts?\b|organi[sz]ation|\bworkspace\b|\borigin\b|\bip\b|\baddress\b|suspended|banned"
    r"|\bbilling\b|\bsubscription\b"
)
_BARE = re.compile(
    r"(?:error[ :]*)?(?:403[ :]*)?(?:forbidden|access denied|permission denied|not allowed)?[ .!]*"
)
_MODEL = re.compile(r"\bmodels?\b")
_LOST_ACCOUNT = re.compile(
    r"\baccount (?:is |was |has been )?(?:suspended|banned|blocked|disabled|deactivated|terminated)"
    r"|(?:invalid|incorrect|revoked|expired|disabled|missing) api ?key"
    r"|api ?key (?:is |was |has been )?(?:invalid|revoked|expired|disabled|missing)"
)


def meant_by(status: int) -> type[ProviderError]:
    """Map a redirect or 4xx to an error; unknown ones reject the request."""
    return _MEANT.get(status, ProviderRejectedRequestError)


def meant_of_order(status: int, said: str) -> type[ProviderError]:
    """Map the status of a submission, which may be refused for its content.

    `said` is the service's text, normalized by `refusals.normal`.
    """
    if _LOST_ACCOUNT.search(said):
        return ProviderCredentialsError
    if status == 403 and not _is_about_account(said):
        return ProviderRejectedRequestError
    return meant_by(status)


def _is_about_account(said: str) -> bool:
    """Return whether a 403 concerns the account.

    One without any reason can only concern the account; one that names a model does not.
    """
    if _BARE.fullmatch(said):
        return True
    return _ACCOUNT.search(said) is not None and _MODEL.search(said) is None
