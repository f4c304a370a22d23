"""The HTTP/1.1 connection with patience that ends: uvicorn's, and a limit on slow clients.

uvicorn waits for the head of a request as long as the client likes, so that a few hundred
silent connections (slowloris) would keep everybody else out. Here a head must be whole in some
seconds, a body nobody waits for any more is not listened to for longer than that, and where too
many connections are held the one that has asked for nothing for longest makes room.
"""

import asyncio
import base64
import json
from hashlib import sha256
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Connections held at once.
MOST_CONNECTIONS = 512


#: Under which name a request's state has the thumbprint of its client's certificate.
CLIENT = "client_certificate"


def _certificate(transport: asyncio.Transport) -> str:
    """``x5t#S256`` (RFC 8705) of the certificate a client showed; empty where it showed none."""
    tls = transport.get_extra_info("ssl_object")
    data = tls.getpeercert(binary_form=True) if tls else None
    return base64.urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=") if data else ""


class GuardedProtocol(H11Protocol):
    """uvicorn's own protocol, with the limits of this module."""

    #: Seconds for the head of a request, and for what is left of a body after its answer.
    patience = 15.0
    _cut_off: asyncio.TimerHandle | None = None
    #: Since when it has no request under way, on the loop's clock.
    _idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; one of those that keep waiting makes room for it, if need be."""
        super().connection_made(transport)
        if certificate := _certificate(transport):
            self.app_state = {**self.app_state, CLIENT: certificate}
        self._idle_since = self.loop.time()
        self._be_patient()
        if len(self.connections) > MOST_CONNECTIONS:
            waiting = [one for one in self.connections if isinstance(one, GuardedProtocol)]
            min(waiting, key=GuardedProtocol._needs_least).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request; while its head is not whole, time runs."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._calm()
        elif self._cut_off is None and not self.transport.is_closing():
            self._be_patient()

    def on_response_complete(self) -> None:
        """A request was answered; a body still on its way is not waited for long."""
        super().on_response_complete()
        self._idle_since = self.loop.time()
        if self.conn.their_state is h11.SEND_BODY:
            self._be_patient()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in the form of every other refusal."""
        body = json.dumps(
            {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": msg}
        ).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        events: list[Any] = [
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ]
        try:
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            pass  # in the midst of an answer: there is nothing left to say
        self.transport.close()

    def _be_patient(self) -> None:
        self._calm()
        self._cut_off = self.loop.call_later(self.patience, self.transport.abort)

    def _needs_least(self) -> float:
        """Smallest for who has asked for nothing for longest; those being served come last."""
        served = self.cycle is not None and not self.cycle.response_complete
        return float("inf") if served else self._idle_since

    def _calm(self) -> None:
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None
