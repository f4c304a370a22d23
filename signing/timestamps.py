"""RFC 3161 timestamps from a list of services, with a time limit and bounded retries.

A token is looked at before it is used: it must answer this very request, be whole, name a policy
that the office accepts, and come from a service that the office's roots stand for. A token that
is not so counts like no answer, and the next service is asked.
"""

import asyncio
import logging
from collections.abc import Sequence

from aiohttp import ClientConnectionError
from asn1crypto import cms, tsp, x509
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.aiohttp_fetchers.util import LazySession

from foundation.messages import _
from foundation.reasons import reason_of
from foundation.times import utc_now
from profiles.schema import ServiceRules
from signing.document import MALFORMED
from signing.errors import TimestampUnavailable
from signing.quiet import quiet
from signing.validation_policy import default_policy

_log = logging.getLogger(__name__)

#: Seconds to wait before the second round through the services; twice as long before each next.
PAUSE = 1.0
#: RFC 3161 2.4.2: both mean that a token was issued.
_ISSUED = {"granted", "granted_with_mods"}


class _NotUsable(ValueError):
    """The answer is none to this request, or not one to rely on."""


class TimestampService(TimeStamper):
    """The services of an office, tried in order, as one timestamper for pyHanko.

    One instance serves a whole batch: it asks only once for the size of a token, keeps its
    connections, and goes first to the service that answered last, so that one that hangs
    costs its time limit once and not with every file. Close it in the loop that used it.

    Args:
        urls: addresses of the services, the office's first choice first.
        rules: time limit, rounds, accepted policies.
        anchors: trusted roots; without any it is not judged whether to trust a service.
        chain: issuing certificates that tokens may lack.
    """

    def __init__(
        self,
        urls: Sequence[str],
        rules: ServiceRules,
        *,
        anchors: Sequence[x509.Certificate] = (),
        chain: Sequence[x509.Certificate] = (),
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._session = LazySession()
        self._rules = rules
        self._clients = [
            HTTPTimeStamper(url, timeout=rules.timeout, session=self._session) for url in urls
        ]
        self._anchors, self._chain = list(anchors), list(chain)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token over ``message_digest`` from the first service that gives a right one.

        Raises:
            TimestampUnavailable: none did, in all rounds.
        """
        failures: dict[str, str] = {}
        for turn in range(self._rules.rounds):
            if turn:
                await asyncio.sleep(PAUSE * 2 ** (turn - 1))
            for client in tuple(self._clients):
                try:
                    token = await self._token(client, message_digest, md_algorithm)
                except MALFORMED as error:  # what comes from outside may be anything
                    failures[client.url] = _why(error)
                    _log.info("timestamp service %s: %s", client.url, failures[client.url])
                else:
                    self._clients.remove(client)
                    self._clients.insert(0, client)
                    return token
        raise TimestampUnavailable(
            url=", ".join(failures), detail="; ".join(dict.fromkeys(failures.values()))
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _token(
        self, client: HTTPTimeStamper, digest: bytes, algorithm: str
    ) -> cms.ContentInfo:
        nonce, request = self.request_cms(digest, algorithm)  # type: ignore[no-untyped-call]
        response = await client.async_request_tsa_response(request)
        token = _issued(response)
        _check_answer(_content(token), nonce, digest, algorithm, self._rules)
        await self._check_signature(token, digest)
        return token

    async def _check_signature(self, token: cms.ContentInfo, digest: bytes) -> None:
        """Raise where the token is damaged, or its service is not one the roots stand for."""
        signer = token["content"]["signer_infos"][0]["sid"]
        if signer.name != "issuer_and_serial_number":  # pyHanko finds certificates by no other
            raise _NotUsable(_("the answer does not name its certificate"))
        context = ValidationContext(trust_roots=self._anchors, other_certs=self._chain)
        with quiet():
            facts = await validate_tst_signed_data(token["content"], context, lambda _name: digest)
        status = TimestampSignatureStatus(**facts)
        if not (status.intact and status.valid):
            raise _NotUsable(_("the answer is damaged"))
        if self._anchors and not status.trusted:
            raise _NotUsable(_("its certificate does not come from a trusted root"))


def _issued(response: tsp.TimeStampResp) -> cms.ContentInfo:
    """The token of a response that has one."""
    # Not response["status"]: asn1crypto takes the token, which a refusal lacks, for required.
    status = tsp.PKIStatusInfo.load(response.contents)
    if status["status"].native not in _ISSUED:
        words = [*(status["status_string"].native or ()), *(status["fail_info"].native or ())]
        raise _NotUsable(_("refused: {words}").format(words="; ".join(words) or status.native))
    return response["time_stamp_token"]


def _content(token: cms.ContentInfo) -> tsp.TSTInfo:
    content = token["content"]["encap_content_info"]["content"].parsed
    if not isinstance(content, tsp.TSTInfo):
        raise _NotUsable(_("the answer is no timestamp"))
    return content


def _check_answer(
    content: tsp.TSTInfo, nonce: int | None, digest: bytes, algorithm: str, rules: ServiceRules
) -> None:
    """RFC 3161 2.2: the requester compares what it asked for with what it got."""
    imprint = content["message_imprint"]
    if content["nonce"].native != nonce:
        raise _NotUsable(_("the answer belongs to another request"))
    if (imprint["hashed_message"].native, imprint["hash_algorithm"]["algorithm"].native) != (
        digest,
        algorithm,
    ):
        raise _NotUsable(_("the answer stamps another document"))
    policy = content["policy"].dotted
    if rules.timestamp_policies and policy not in rules.timestamp_policies:
        raise _NotUsable(_("its policy {policy} is not accepted here").format(policy=policy))
    if abs(content["gen_time"].native - utc_now()) > default_policy().tolerance:
        raise _NotUsable(_("its clock and that of this computer differ"))


def _why(error: BaseException) -> str:
    """What went wrong with a service, in words for people."""
    cause = error.__cause__ or error
    if isinstance(error, _NotUsable):
        return str(error)
    if isinstance(cause, TimeoutError):
        return _("no answer in time")
    status = getattr(cause, "status", 0)
    if status and status != 200:
        return f"HTTP {status}"
    if isinstance(cause, OSError) and cause.errno:
        return reason_of(cause)
    if isinstance(cause, ClientConnectionError):
        return _("the connection broke off")
    return _("the answer is no timestamp")
