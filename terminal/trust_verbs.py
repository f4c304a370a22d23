"""``sohoa trust``: the root certificates trusted on this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from foundation.messages import _
from foundation.times import vietnam_time
from terminal.answers import BARE, Answer, verb
from terminal.progress import Screen

if TYPE_CHECKING:
    from signing.roots import TrustedRoot
    from signing.trust import Anchor
    from terminal.talk import TerminalTalk


trust_app = typer.Typer(**BARE)


@verb(trust_app, "list", _("The root certificates trusted on this machine."))
def list_() -> Answer:
    """List the roots."""
    from signing.roots import trusted_roots

    return _answer(trusted_roots())


@verb(trust_app, "add", _("Trust a root, once its fingerprint was compared."))
def add(
    screen: Screen,
    file: Annotated[Path, typer.Argument(help=_("The certificate: PEM or DER."))],
    list_name: Annotated[
        Literal["state", "public"], typer.Option("--list", help=_("Which list to put it on."))
    ],
    fingerprint: Annotated[
        str, typer.Option(help=_("Its SHA-256 fingerprint as published, for scripts."))
    ] = "",
) -> Answer:
    """Trust a root."""
    from signing.roots import add_root, read_root
    from terminal.talk import TerminalTalk

    confirmed = fingerprint or _confirm(read_root(file), TerminalTalk(screen))
    return _answer([add_root(file, list_name, confirmed)])


@verb(trust_app, "remove", _("Trust a root no longer."))
def remove(
    fingerprint: Annotated[str, typer.Argument(help=_("Its fingerprint, or how it begins."))],
) -> Answer:
    """Trust a root no longer."""
    from signing.roots import remove_root

    return _answer([remove_root(fingerprint)])


def _confirm(root: "Anchor", talk: "TerminalTalk") -> str:
    """The fingerprint if the user compared it with the published one, else nothing."""
    until = vietnam_time(root.not_after).strftime("%d/%m/%Y")
    talk.tell(_("{name}, valid until {date}").format(name=root.name, date=until))
    talk.tell(f"SHA-256: {root.fingerprint}")
    answer = talk.choose(
        _("Compare this with the fingerprint its owner published (not in the same message)."),
        [_("It is the same: trust it"), _("It differs, or I cannot compare it")],
    )
    return root.fingerprint if answer == 0 else ""


def _answer(roots: "Sequence[TrustedRoot]") -> Answer:
    data: list[dict[str, Any]] = [root.as_dict() for root in roots]
    lists = {"state": _("state"), "public": _("public")}
    lines = []
    for root in roots:
        until = vietnam_time(root.anchor.not_after).strftime("%d/%m/%Y")
        lines.append(f"{lists[root.list_name]}  {root.anchor.name} ({until})")
        lines.append(f"  {root.anchor.fingerprint}")
    return Answer(data, "\n".join(lines) or _("No root is trusted here. Add one: sohoa trust add"))
