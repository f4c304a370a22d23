"""Events as signed webhooks, by the rules of Standard Webhooks (standardwebhooks.com, v1).

    post = partial(webhooks.post, timeout=10.0)
    kho.outbox.deliver([subscriber], post)

``webhook-signature`` is HMAC-SHA256 (RFC 2104) over ``id.timestamp.body`` under a secret that
sender and receiver share: it tells the receiver who sends and that it is no old message, for
which libraries are at hand in every language. It is no proof for third parties, nor need it
be: what happened is proven by the audit and the receipts, to which a message only points.

Messages go to https only, or to this machine where that is allowed; redirects are not followed,
and addresses that lead back into the machine or to a cloud's metadata are refused after the
name was looked up, for the very address that is then connected to.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import socket
import ssl
import stat
import time
from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.reasons import reason_of
from warehouse.events import Message, Outcome

_PREFIX = "whsec_"
#: Bytes of a secret (Standard Webhooks: 24 to 64).
_SHORTEST, _LONGEST = 24, 64
#: Seconds for which a receiver may ask to be left alone.
_LONGEST_REST = 3600.0


class SecretUnusable(SohoaError):
    """A webhook's secret cannot be read, is open to others, or is none."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The webhook secret in {file} cannot be used: {detail}. It is a line that begins with "
        "whsec_ and goes on with 24 to 64 random bytes in base64, in a file of mode 0600."
    )


class TlsTrustUnusable(SohoaError):
    """The file of certificates by which a webhook's server is known cannot be read."""

    exit_code = ExitCode.SETUP
    message = N_("The certificates in {file} cannot be used: {detail}. Mend tls_trust.")


class _Refused(OSError):
    """A name leads to an address nothing is sent to."""


def read_secrets(file: Path) -> tuple[bytes, ...]:
    """The secrets of a file, a line each; while one is changed the new one stands first.

    Raises:
        SecretUnusable: it cannot be read, is open to others, or holds something else.
    """
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise SecretUnusable(file=file, detail=f"chmod 600 {file.name}")
        lines = file.read_text("ascii").split()
        secrets = tuple(
            base64.b64decode(line.removeprefix(_PREFIX), validate=True) for line in lines
        )
    except OSError as error:
        raise SecretUnusable(file=file, detail=reason_of(error)) from error
    except (UnicodeDecodeError, binascii.Error):
        raise SecretUnusable(file=file, detail="base64") from None
    sized = all(_SHORTEST <= len(one) <= _LONGEST for one in secrets)
    if not secrets or not sized or not all(line.startswith(_PREFIX) for line in lines):
        raise SecretUnusable(file=file, detail="whsec_")
    return secrets


def signed_headers(
    message_id: str, body: bytes, secrets: Sequence[bytes], at: int
) -> dict[str, str]:
    """The three headers of a message; ``at``: seconds since 1970."""
    said = b".".join((message_id.encode(), str(at).encode(), body))
    marks = (hmac.new(secret, said, hashlib.sha256).digest() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join("v1," + base64.b64encode(mark).decode() for mark in marks),
    }


def post(messages: Sequence[Message], *, timeout: float) -> list[Outcome]:
    """Send messages at once, each within ``timeout`` seconds; an outcome each.

    Raises:
        TlsTrustUnusable: a subscriber's certificates cannot be read.
    """
    return asyncio.run(_post_all(messages, timeout))


async def _post_all(messages: Sequence[Message], timeout: float) -> list[Outcome]:  # noqa: ASYNC109  of each message
    limit = aiohttp.ClientTimeout(total=timeout)
    sessions: dict[str, aiohttp.ClientSession] = {}
    try:
        for who in {one.subscriber.name: one.subscriber for one in messages}.values():
            connector = aiohttp.TCPConnector(
                resolver=_Resolver(loopback=who.loopback),
                use_dns_cache=False,
                ssl=_tls(who.tls_trust) if who.tls_trust else True,
            )
            sessions[who.name] = aiohttp.ClientSession(
                connector=connector, timeout=limit, cookie_jar=aiohttp.DummyCookieJar()
            )
        return await asyncio.gather(
            *(_post_one(sessions[one.subscriber.name], one) for one in messages)
        )
    finally:
        for session in sessions.values():
            await session.close()


async def _post_one(session: aiohttp.ClientSession, message: Message) -> Outcome:
    who = message.subscriber
    if not may_go_to(who.url, loopback=who.loopback):
        return Outcome("address-refused", final=True)
    body = json.dumps(message.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signed_headers(message.id, body, who.secrets, int(time.time()))
    headers |= {"content-type": "application/json", "user-agent": "sohoa"}
    try:
        async with session.post(
            who.url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            return _outcome(answer.status, answer.headers.get("retry-after", ""))
    except TimeoutError:
        return Outcome("timeout")
    except aiohttp.ClientSSLError:
        return Outcome("tls")
    except aiohttp.ClientConnectorError as error:
        refused = isinstance(error.os_error, _Refused)
        return Outcome("address-refused" if refused else "unreachable")
    except (aiohttp.ClientError, OSError, ValueError):
        return Outcome("broken-off")


def _outcome(status: int, retry_after: str) -> Outcome:
    if 200 <= status < 300:
        return Outcome()
    rest = float(retry_after) if retry_after.isascii() and retry_after.isdecimal() else 0.0
    # 410 is how a receiver says that it wants no more (Standard Webhooks).
    gone = status == 410
    return Outcome(f"http-{status}", final=gone, not_before=min(rest, _LONGEST_REST))


def may_go_to(url: str, *, loopback: bool) -> bool:
    """Whether an address may be posted to, as far as it can be told without looking it up."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        literal = ip_address(host)
    except ValueError:
        here = host == "localhost"
    else:
        here = literal.is_loopback
        if not _fit(literal, loopback=loopback):
            return False
    if here and not loopback:
        return False
    return bool(host) and (parts.scheme == "https" or (here and parts.scheme == "http"))


def _fit(address: IPv4Address | IPv6Address, *, loopback: bool) -> bool:
    """Whether to connect to an address. Those of an office's own network (10.…) are fit."""
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_loopback:
        return loopback
    odd = (mapped.is_link_local, mapped.is_multicast, mapped.is_unspecified, mapped.is_reserved)
    return not any(odd)


class _Resolver(AbstractResolver):
    """Looks names up and refuses those that lead where nothing is to be sent."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found: list[Any] = await self._inner.resolve(host, port, family)
        fit = [one for one in found if _fit(ip_address(one["host"]), loopback=self._loopback)]
        if not fit:
            raise _Refused(host)
        return fit

    async def close(self) -> None:
        await self._inner.close()


@cache
def _tls(file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise TlsTrustUnusable(file=file, detail=reason_of(error)) from error
