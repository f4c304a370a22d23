"""Options that verbs of several modules share.

Imported once the language is set: their texts are fixed then.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from foundation.messages import _
from foundation.privacy import mask_text

#: How a day may be written: as clerks do, and as programs do.
_DAYS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y")


def _read_day(text: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    wrong = _("“{text}” is no day; write it as 28/11/2026 or 2026-11-28")
    raise typer.BadParameter(wrong.format(text=mask_text(text)))


def day_option(help_text: str) -> Any:
    """An option that takes a day: 28/11/2026 or 2026-11-28."""
    return typer.Option(parser=_read_day, metavar=_("DAY/MONTH/YEAR"), help=help_text)


Operator = Annotated[
    str, typer.Option(envvar="SOHOA_OPERATOR", help=_("Who does it; else the login name."))
]
OwnerId = Annotated[
    str, typer.Option("--owner", help=_("The owner's number; “-” reads it from the input."))
]
Trust = Annotated[
    list[Path] | None, typer.Option(help=_("Root certificates to trust: a file or a folder."))
]
OptionalOwner = Annotated[
    str, typer.Option("--owner", help=_("The owner's number; “-” reads it from the input."))
]
CoOwner = Annotated[
    list[str] | None,
    typer.Option(help=_("Number of another owner; “-” reads it from the input; repeatable.")),
]
ForOwner = Annotated[
    str,
    typer.Option(
        "--owner", help=_("For which owner, of a paper of several; “-” reads the number.")
    ),
]
Witness = Annotated[str, typer.Option(help=_("Who heard the owner say it; else the operator."))]
Form = Annotated[Path | None, typer.Option(help=_("A scan of the form the owner signed."))]
Otp = Annotated[str, typer.Option(help=_("Number of the one-time password's message."))]
Guardian = Annotated[str, typer.Option(help=_("Parent or guardian who speaks for the owner."))]
Delegate = Annotated[str, typer.Option(help=_("Who was sent by the owner."))]
Authority = Annotated[
    str, typer.Option(help=_("The paper that shows that they may: its file, or its number."))
]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", help=_("The office's public key or certificate (PEM).")),
]
ReceiptOut = Annotated[
    Path | None, typer.Option("-o", "--out", help=_("Where to write the signed receipt."))
]
PinFd = Annotated[
    int | None,
    typer.Option("--pin-fd", min=0, help=_("Read PINs, a line each, from this file descriptor.")),
]
Level = Annotated[
    Literal["b-b", "b-t", "b-lt", "b-lta"] | None, typer.Option(help=_("PAdES level."))
]
Known = Annotated[
    list[Path] | None,
    typer.Option(help=_("More certificates, of issuers and seal keys, not trusted as such.")),
]
