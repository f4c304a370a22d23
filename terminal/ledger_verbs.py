"""The verbs about consent and the audit: ``sohoa consent …`` and ``sohoa audit …``.

As in ``cli.py``: one short function a verb; imported once the language is set.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from foundation.messages import Language, _
from terminal.answers import BARE, Answer, verb
from terminal.options import (
    Authority,
    Delegate,
    Form,
    Guardian,
    Keys,
    Operator,
    OptionalOwner,
    Otp,
    OwnerId,
    ReceiptOut,
    Trust,
    day_option,
)

consent_app = typer.Typer(**BARE)
audit_app = typer.Typer(**BARE)


@verb(consent_app, "grant", _("Put on record what an owner agreed to."))
def consent_grant(
    owner: OwnerId,
    paper: Annotated[
        list[str] | None,
        typer.Option(help=_("For this paper; may be repeated. Else every kind that may be kept.")),
    ] = None,
    for_: Annotated[
        list[str] | None, typer.Option("--for", help=_("Only for this procedure; else any."))
    ] = None,
    purpose: Annotated[
        Literal["keep", "reuse"] | None, typer.Option(help=_("Only to keep, or only to reuse."))
    ] = None,
    until: Annotated[date | None, day_option(_("Last day; else until withdrawn."))] = None,
    once: Annotated[bool, typer.Option("--once", help=_("For one handing out only."))] = False,
    witness: Annotated[str, typer.Option(help=_("Who heard the owner say it."))] = "",
    form: Form = None,
    otp: Otp = "",
    guardian: Guardian = "",
    delegate: Delegate = "",
    authority: Authority = "",
    told: Annotated[
        Language | None, typer.Option(help=_("Language of the notice that was read out."))
    ] = None,
    out: ReceiptOut = None,
    operator: Operator = "",
) -> Answer:
    from dossier.agreeing import Said, Scope, grant_consent
    from terminal import ground_reports

    scope = Scope(
        tuple(paper or ()), tuple(for_ or ()), (purpose,) if purpose else ("keep", "reuse"),
        until, once,
    )  # fmt: skip
    said = Said(witness, form, otp, guardian, delegate, authority, told)
    return ground_reports.granted_answer(grant_consent(owner, scope, said, operator, out))


@verb(consent_app, "withdraw", _("Take a consent back; it is acted on at once."))
def consent_withdraw(
    consent: Annotated[str, typer.Argument(help=_("Consent id."))],
    witness: Annotated[str, typer.Option(help=_("Who heard the owner say it."))] = "",
    form: Form = None,
    otp: Otp = "",
    guardian: Guardian = "",
    delegate: Delegate = "",
    authority: Authority = "",
    erase: Annotated[
        bool, typer.Option("--erase", help=_("Let go also of what a law would let us keep."))
    ] = False,
    out: ReceiptOut = None,
    operator: Operator = "",
) -> Answer:
    from dossier.agreeing import Said, withdraw_consent
    from terminal import ground_reports

    said = Said(witness, form, otp, guardian, delegate, authority)
    done = withdraw_consent(consent, said, operator, erase=erase, out=out)
    return ground_reports.withdrawn_answer(done)


@verb(consent_app, "expire", _("Erase what is kept on consents whose last day is past; daily."))
def consent_expire(operator: Operator = "") -> Answer:
    from dossier.agreeing import end_past_consents

    past, erased = end_past_consents(operator)
    text = _("{past} consents have run out; {erased} papers are erased.")
    data = {"past": past, "erased": erased}
    return Answer(data, text.format(**data))


@verb(consent_app, "show", _("What an owner agreed to, with its signed receipts."))
def consent_show(
    consent: Annotated[str, typer.Argument(help=_("Consent id; else name the owner."))] = "",
    owner: OptionalOwner = "",
    check: Annotated[bool, typer.Option("--check", help=_("Check the receipts."))] = False,
    key: Keys = None,
    out: ReceiptOut = None,
) -> Answer:
    from dossier.agreeing import show_consents
    from terminal import ground_reports

    return ground_reports.consents_answer(show_consents(consent, owner, out), check, key or [])


@verb(audit_app, "verify", _("Whether the record of who did what is whole, or an excerpt holds."))
def audit_verify(
    excerpt: Annotated[
        Path | None, typer.Argument(help=_("An excerpt given to a citizen; else the store here."))
    ] = None,
    key: Keys = None,
    trust: Trust = None,
    witness: Annotated[
        list[Path] | None,
        typer.Option(help=_("Checkpoints or receipts kept elsewhere, that must still be held.")),
    ] = None,
) -> Answer:
    from dossier.accounting import verify_audit, verify_excerpt
    from terminal import ground_reports, store_reports

    if excerpt:
        return ground_reports.excerpt_answer(verify_excerpt(excerpt, trust or [], key or []))
    return store_reports.audit_answer(verify_audit(witness or [], trust or [], key or []))


@verb(audit_app, "show", _("Who saw an owner's papers, when and what for."))
def audit_show(owner: OwnerId, operator: Operator = "") -> Answer:
    from dossier.accounting import show_account
    from terminal import ground_reports

    return ground_reports.account_answer(show_account(owner, operator))


@verb(audit_app, "excerpt", _("The account of one owner as a file that proves itself."))
def audit_excerpt(
    owner: OwnerId,
    out: Annotated[Path, typer.Option("-o", "--out", help=_("The file to write."))],
    operator: Operator = "",
) -> Answer:
    from dossier.accounting import write_excerpt

    count = write_excerpt(owner, out, operator)
    text = _("{file}: {count} entries").format(file=out, count=count)
    return Answer({"file": str(out), "entries": count}, text)


@verb(audit_app, "checkpoint", _("Sign and timestamp all that is on record; keep it elsewhere."))
def audit_checkpoint(
    out: Annotated[Path | None, typer.Option("-o", "--out", help=_("The file to write."))] = None,
) -> Answer:
    from dossier.accounting import make_checkpoint
    from terminal import ground_reports

    return ground_reports.checkpoint_answer(*make_checkpoint(out))
