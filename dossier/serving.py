"""``sohoa serve``: the store over HTTP, put together from the rooms that know its parts."""

import contextlib
import logging
import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dossier import grounds
from dossier.accounting import stamp_check_of, stamper_of
from dossier.confined import Start, confined
from dossier.people import owner_of
from dossier.shelf import judge, open_store, prefill
from dossier.verification import Verification
from foundation.errors import ExitCode, SohoaError
from foundation.files import private_files
from foundation.messages import N_
from profiles import Office, Paper, ServeRules, all_of, load_office
from warehouse import Judgement, Warehouse

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Seconds the signatures of one deposit may take to be judged: 130 MB take 10.
_JUDGING_SECONDS = 60.0
#: Seconds requests under way may still take once the server was told to stop.
_LAST_SECONDS = 30


class NotSetUp(SohoaError):
    """A setting is missing without which nobody could be let in."""

    exit_code = ExitCode.SETUP
    message = N_(
        "Who issues the tokens is not said: {missing}. Name it with --{missing}, or under [serve] "
        "in the office profile."
    )


class Unprotected(SohoaError):
    """Other machines were to be served without encryption."""

    exit_code = ExitCode.SETUP
    message = N_(
        "Personal data does not go over a network unencrypted: give --tls-cert and --tls-key to "
        "serve at {host}, or serve at 127.0.0.1 behind a proxy."
    )


class TlsUnusable(SohoaError):
    """Certificate or key of the server cannot be used."""

    exit_code = ExitCode.SETUP
    message = N_("Certificate, key or client issuers for TLS cannot be used: {detail}.")


class PortTaken(SohoaError):
    """The server cannot listen where it was told to."""

    exit_code = ExitCode.SETUP
    message = N_("Nothing can be served at {host}, port {port}: it is taken, or not allowed.")


@dataclass(frozen=True)
class Settings:
    """The office's [serve], with what the command says in its place."""

    office: Office
    rules: ServeRules

    @property
    def address(self) -> str:
        """Where it is served."""
        scheme = "https" if self.rules.tls_cert else "http"
        host = f"[{self.rules.host}]" if ":" in self.rules.host else self.rules.host
        return f"{scheme}://{host}:{self.rules.port}"


def settings(said: Mapping[str, Any]) -> Settings:
    """What to serve, and how.

    Args:
        said: entries of [serve] that the command names; None and empty for those it does not.

    Raises:
        NotSetUp, Unprotected: it cannot be served so.
    """
    office = load_office()
    named = {name: value for name, value in said.items() if value not in (None, "")}
    rules = ServeRules.model_validate(office.serve.model_dump() | named)
    for name in ("issuer", "audience", "jwks"):
        if not getattr(rules, name):
            raise NotSetUp(missing=name)
    if not rules.tls_cert and not _is_loopback(rules.host):
        raise Unprotected(host=rules.host)
    if bool(rules.tls_cert) != bool(rules.tls_key) or (rules.client_ca and not rules.tls_cert):
        raise TlsUnusable(detail="--tls-cert, --tls-key")
    if rules.bound_tokens and not rules.client_ca:
        raise TlsUnusable(detail="bound_tokens, --client-ca")
    if rules.tls_key and _is_open(Path(rules.tls_key)):
        raise TlsUnusable(detail=f"chmod 600 {rules.tls_key}")
    return Settings(office, rules)


def _is_open(key: Path) -> bool:
    """Whether others than its owner can read a key."""
    return key.exists() and bool(key.stat().st_mode & 0o077)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextlib.contextmanager
def application(chosen: Settings) -> "Iterator[FastAPI]":
    """The application over this office's store, open for the block."""
    with open_store() as store, confined(2, _JUDGING_SECONDS) as start:
        app = build(chosen, store, start)
        start(os.getpid)  # the processes come up while nobody waits for them
        yield app


def build(chosen: Settings, store: Warehouse, start: Start) -> "FastAPI":
    """The application over a store.

    Args:
        start: starts work on files that may be hostile, in processes of their own.
    """
    from warehouse.api import create_app
    from warehouse.serve.bearer import Bearer, Claims
    from warehouse.serve.case import Parts, ServiceDesk
    from warehouse.serve.gate import Measure
    from warehouse.serve.keyset import KeySet
    from warehouse.web import verification_router

    rules, office = chosen.rules, chosen.office

    def judged(file: Path, paper: Paper) -> Judgement:
        found: Judgement = start(judge, file, paper)()
        return found

    parts = Parts(
        judge=judged,
        owner_of=owner_of,
        law_of=grounds.law_of,
        laws=grounds.laws,
        by_consent=grounds.by_consent,
        asked_for=grounds.asked_for,
        wanted_by=grounds.wanted_by,
        agreement=grounds.agreement,
        prefill=prefill,
        stamper=stamper_of(office),
        stamp_check=stamp_check_of(office, ()),
    )
    offices = {one.code: one for one in all_of(Office)} | {office.code: office}
    bearer = Bearer(
        rules.issuer,
        rules.audience,
        KeySet(rules.jwks),
        offices,
        rules.algorithms,
        Claims(
            rules.roles_claim,
            rules.name_claim,
            rules.office_claim,
            rules.owner_claim,
            rules.procedures_claim,
        ),
        rules.bound_tokens,
    )
    measure = Measure(
        most_upload=rules.max_upload * 1_000_000,
        silence=rules.patience,
        grace=2 * rules.patience,
        requests_a_minute=rules.requests_a_minute,
    )
    page = verification_router(Verification.of(store, office), agency=office.agency)
    return create_app(ServiceDesk(store, parts, offices, office), bearer, measure, [page])


def serve(chosen: Settings) -> None:
    """Serve until told to stop; what was begun is finished, what was acknowledged is kept.

    Raises:
        TlsUnusable, PortTaken: nothing is served.
    """
    import uvicorn

    from warehouse.serve.guard import GuardedProtocol

    _log()
    rules = chosen.rules
    protocol = type("Guarded", (GuardedProtocol,), {"patience": rules.patience})
    with private_files(), application(chosen) as app:
        try:
            config = uvicorn.Config(
                app,
                host=rules.host,
                port=rules.port,
                http=protocol,
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=bool(rules.proxies),
                forwarded_allow_ips=list(rules.proxies),
                server_header=False,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=_LAST_SECONDS,
                ssl_certfile=rules.tls_cert or None,
                ssl_keyfile=rules.tls_key or None,
                ssl_ca_certs=rules.client_ca or None,
                ssl_cert_reqs=ssl.CERT_REQUIRED if rules.client_ca else ssl.CERT_NONE,
            )
            config.load()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise TlsUnusable(detail=type(error).__name__) from error
        server = uvicorn.Server(config)
        # uvicorn has shut down in good order when it passes the signal on.
        with contextlib.suppress(KeyboardInterrupt):
            try:
                server.run()
            except SystemExit as error:  # uvicorn's way to say that it could not listen
                raise PortTaken(host=rules.host, port=rules.port) from error


def _log() -> None:
    """Requests and faults to the error stream, a line each, whatever else is silent."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    for name in ("sohoa.access", "sohoa.fault", "uvicorn.error"):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [handler], False
        log.setLevel(logging.WARNING if name == "uvicorn.error" else logging.INFO)
