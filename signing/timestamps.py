"""RFC 3161 timestamps from a list of services, with a time limit and bounded retries."""

import asyncio
import logging
from collections.abc import Sequence

from asn1crypto import cms, tsp
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper, TimestampRequestError

from signing.errors import TimestampUnavailable

_log = logging.getLogger(__name__)

#: Seconds one request may take. Public services in Vietnam answered in 2 s, some only after 131 s.
TIMEOUT = 30.0
#: Rounds through the list of services before giving up, and the pause between them in seconds.
ROUNDS = 2
PAUSE = 1.0
#: RFC 3161 2.4.2: both mean that a token was issued.
_ISSUED = {"granted", "granted_with_mods"}


class TimestampService(TimeStamper):
    """The services of an office, tried in order, as one timestamper for pyHanko.

    One instance serves a whole batch: it asks only once for the size of a token.
    """

    def __init__(
        self, urls: Sequence[str], *, timeout: float = TIMEOUT, rounds: int = ROUNDS
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._clients = [HTTPTimeStamper(url, timeout=timeout) for url in urls]
        self._rounds = rounds

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token over ``message_digest`` from the first service that gives a right one.

        Raises:
            TimestampUnavailable: none did, in all rounds.
        """
        failures: dict[str, str] = {}
        for turn in range(self._rounds):
            if turn:
                await asyncio.sleep(PAUSE)
            for client in self._clients:
                nonce, request = self.request_cms(  # type: ignore[no-untyped-call]
                    message_digest, md_algorithm
                )
                try:
                    response = await client.async_request_tsa_response(request)
                    return _token(response, nonce, message_digest)
                except (TimestampRequestError, OSError, ValueError, TypeError) as error:
                    failures[client.url] = str(error.__cause__ or error) or type(error).__name__
                    _log.info("timestamp service %s: %s", client.url, failures[client.url])
        raise TimestampUnavailable(
            url=", ".join(failures), detail="; ".join(dict.fromkeys(failures.values()))
        )


def _token(response: tsp.TimeStampResp, nonce: int | None, digest: bytes) -> cms.ContentInfo:
    """The token of a response, when it answers this very question. Raises ValueError if not."""
    status = response["status"]
    if status["status"].native not in _ISSUED:
        words = [*(status["status_string"].native or ()), *(status["fail_info"].native or ())]
        raise ValueError("refused: " + "; ".join(words))
    token = response["time_stamp_token"]
    content = token["content"]["encap_content_info"]["content"].parsed
    if content["nonce"].native != nonce:
        raise ValueError("the answer belongs to another request (nonce)")
    if content["message_imprint"]["hashed_message"].native != digest:
        raise ValueError("the answer stamps another document (imprint)")
    return token
