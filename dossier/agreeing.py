"""``sohoa consent``: what an owner agrees to is written down, shown, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from dossier.grounds import agreement, laws
from dossier.people import actor_at, owner_of
from dossier.shelf import keep_out_of_store, open_store, require_store, store_folder
from foundation.errors import ExitCode, SohoaError
from foundation.files import sha256_file, write_atomic
from foundation.messages import N_, _
from foundation.privacy import mask_number
from foundation.times import iso_utc, today
from profiles import Paper, all_of, load_office, load_paper, load_procedure
from warehouse.grounds import Consent, Evidence, Giver, Purpose, Withdrawal

Language = Literal["vi", "en"]


class TwoPlaces(SohoaError):
    """Consents were asked for by id and by owner at once, or by neither."""

    exit_code = ExitCode.USAGE
    message = N_("Name one consent by its id, or an owner with --owner.")


@dataclass(frozen=True)
class Said:
    """How somebody said it: what shows that they did, who they are, in which language.

    Attributes:
        witness: who heard it.
        form: a scan of the signed form.
        otp: number of the one-time password's message.
        guardian: name of the parent or guardian who spoke for the owner; ``delegate``: of whom
            the owner sent.
        authority: the paper that shows that they may: its file, or its number.
        language: of the notice that was read out; empty: the command's.
    """

    witness: str = ""
    form: Path | None = None
    otp: str = ""
    guardian: str = ""
    delegate: str = ""
    authority: str = ""
    language: Language | None = None

    def evidence(self) -> Evidence:
        """What shows that it was said."""
        if self.form is not None:
            return Evidence("form", self.witness, sha256_file(self.form))
        if self.otp:
            return Evidence("otp", self.otp)
        return Evidence("witness", self.witness)

    def giver(self) -> Giver:
        """Who said it."""
        authority = self.authority
        if authority and Path(authority).is_file():
            authority = f"sha256:{sha256_file(Path(authority))}"
        if self.guardian:
            return Giver("guardian", self.guardian, authority)
        if self.delegate:
            return Giver("delegate", self.delegate, authority)
        return Giver()


@dataclass(frozen=True)
class Scope:
    """What is agreed to.

    Attributes:
        papers: names of paper types; empty: every type that may be kept and is not sensitive.
        procedures: names or codes; empty: any administrative procedure of the owner.
    """

    papers: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    purposes: tuple[Purpose, ...] = ("keep", "reuse")
    until: date | None = None
    once: bool = False


def grant_consent(
    owner_number: str, scope: Scope, said: Said, operator: str = "", out: Path | None = None
) -> Consent:
    """Put on record what an owner agreed to; its receipt is written to ``out``.

    Raises:
        NoEvidence, MinorNeedsGuardian, AuthorityMissing, NothingAgreed: it is no consent.
    """
    keep_out_of_store(out)
    office, owner = load_office(), owner_of(owner_number)
    asked = agreement(
        office,
        owner,
        _papers(scope.papers),
        said.evidence(),
        giver=said.giver(),
        purposes=scope.purposes,
        language=said.language,
    )
    codes = tuple(load_procedure(name).code for name in scope.procedures)
    asked = replace(asked, procedures=codes, until=scope.until, once=scope.once)
    with open_store() as store:
        consent = store.consents.grant(asked, actor_at(office, operator))
    _write(out, consent.receipt)
    return consent


def _papers(names: Sequence[str]) -> tuple[Paper, ...]:
    if names:
        return tuple(load_paper(name) for name in names)
    return tuple(paper for paper in all_of(Paper) if paper.keep and not paper.sensitive)


def withdraw_consent(
    consent_id: str,
    said: Said,
    operator: str = "",
    *,
    erase: bool = False,
    out: Path | None = None,
) -> Withdrawal:
    """Take a consent back; its receipt is written to ``out``.

    Args:
        erase: let go also of what a law would let the office keep.

    Raises:
        NoStore, ConsentNotFound, NoEvidence: nothing was taken back.
    """
    keep_out_of_store(out)
    require_store()
    actor = actor_at(load_office(), operator)
    with open_store() as store:
        done = store.consents.withdraw(
            consent_id,
            actor,
            said.evidence(),
            giver=said.giver(),
            laws={} if erase else laws(),
        )
        # Also what an earlier withdrawal was cut short before.
        for record in store.due_for_erasure():
            store.erase(record.id, _("the owner withdrew their consent"), actor)
    _write(out, done.consent.withdrawal)
    return done


def end_past_consents(operator: str = "") -> tuple[int, int]:
    """Let go of the papers kept on consents whose last day is past.

    Returns:
        How many such consents there were, and how many papers were erased.

    Raises:
        NoStore: there is none.
    """
    require_store()
    actor = actor_at(load_office(), operator)
    with open_store() as store:
        past = store.consents.end_past(actor, laws())
        due = store.due_for_erasure()
        for record in due:
            store.erase(record.id, _("the owner's consent ended"), actor)
    return len(past), len(due)


def show_consents(consent_id: str, owner_number: str, out: Path | None = None) -> list[Consent]:
    """One consent by its id, or all of an owner; the receipts of the one are written to ``out``.

    Raises:
        TwoPlaces, NoStore, ConsentNotFound.
    """
    if bool(consent_id) == bool(owner_number):
        raise TwoPlaces
    keep_out_of_store(out)
    require_store()
    with open_store() as store:
        found = (
            [store.consents.get(consent_id)]
            if consent_id
            else store.consents.of(owner_of(owner_number).identifier)
        )
    _write(out, "\n".join(text for one in found for text in (one.receipt, one.withdrawal) if text))
    return found


def check_receipt(text: str, keys: Sequence[Path]) -> dict[str, Any]:
    """What a receipt says, checked off-line with the keys named, else those of the store here.

    Raises:
        ReceiptInvalid: it is none, or its signature does not fit.
        KeyUnusable: a key file holds none.
    """
    from warehouse.receipts import check

    receipt = check(text, relied_keys(keys))
    return {"kind": receipt.kind, "known": receipt.known, "key": receipt.key, "said": receipt.said}


def relied_keys(files: Sequence[Path]) -> Any:
    """Keys from PEM files by their thumbprints; without any, those that signed for the store."""
    from warehouse.receipts import known_keys, load_key, thumbprint

    if not files:
        return known_keys(store_folder())
    return {thumbprint(key): key for key in map(load_key, files)}


def consent_data(consent: Consent) -> dict[str, Any]:
    """A consent for ``--json``; the owner's number masked."""
    return {
        "consent": consent.id,
        "owner": mask_number(consent.owner_identifier),
        "state": consent.state(today()),
        "papers": list(consent.papers),
        "purposes": list(consent.purposes),
        "procedures": list(consent.procedures),
        "until": consent.until,
        "once": consent.once,
        "given_at": iso_utc(consent.given_at),
        "withdrawn_at": iso_utc(consent.withdrawn_at) if consent.withdrawn_at else None,
        "receipt": consent.receipt,
        "withdrawal": consent.withdrawal,
    }


def _write(out: Path | None, text: str) -> None:
    if out is not None:
        write_atomic(out, text.encode() + b"\n", mode=0o600)
