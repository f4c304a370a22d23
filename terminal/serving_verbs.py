"""The verb ``sohoa serve``; imported once the language is set, as :mod:`terminal.options` is."""

from pathlib import Path
from typing import Annotated

import typer

from foundation.messages import _
from terminal.answers import Answer, verb
from terminal.progress import Screen


def serve(
    screen: Screen,
    host: Annotated[str, typer.Option(help=_("Address to listen at; else 127.0.0.1."))] = "",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help=_("TCP port; else 8440."))
    ] = None,
    issuer: Annotated[str, typer.Option(help=_("Who issues the tokens (iss)."))] = "",
    audience: Annotated[str, typer.Option(help=_("For whom they are issued (aud)."))] = "",
    jwks: Annotated[
        str, typer.Option(help=_("The issuer's public keys: a file or an https address."))
    ] = "",
    tls_cert: Annotated[
        Path | None, typer.Option(help=_("The server's certificate and chain (PEM)."))
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help=_("Its key (PEM, mode 0600)."))] = None,
    client_ca: Annotated[
        Path | None,
        typer.Option(help=_("Let in only clients with a certificate of these issuers (PEM).")),
    ] = None,
    max_upload: Annotated[
        int | None, typer.Option(min=1, max=2000, help=_("Largest deposit, MB; else 50."))
    ] = None,
) -> Answer:
    """Serve the store."""
    from dossier import serving

    said = {
        "host": host,
        "port": port,
        "issuer": issuer,
        "audience": audience,
        "jwks": jwks,
        "tls_cert": str(tls_cert or ""),
        "tls_key": str(tls_key or ""),
        "client_ca": str(client_ca or ""),
        "max_upload": max_upload,
    }
    chosen = serving.settings(said)
    text = _("Serving at {address}; stop with Ctrl+C")
    screen.say(text.format(address=chosen.address))
    serving.serve(chosen)
    return Answer({"address": chosen.address}, _("Stopped. All finished work is kept."))


def add_serve(app: typer.Typer) -> None:
    """Make it a verb of the command."""
    verb(app, "serve", _("Offer the store over HTTP, to those who sign in."))(serve)
