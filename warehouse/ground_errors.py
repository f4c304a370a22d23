"""What is refused for want of a ground: consent, law, procedure, measure."""

from typing import TYPE_CHECKING

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from warehouse.errors import NotReusable

if TYPE_CHECKING:
    from profiles import Paper


class NoBasis(SohoaError):
    """A paper was to be kept and nobody agreed, nor does a law ask for it."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "“{title}” is kept only if its owner agrees, and no consent is on record. Ask the owner, "
        "then deposit with --agreed, or record it with: sohoa consent grant"
    )


class NotKept(SohoaError):
    """A paper whose profile keeps it out of the store was to be deposited."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("“{paper}” is only shown, never kept: its profile says keep = false.")


def require_kept(paper: "Paper") -> None:
    """Raises NotKept for a paper that does not go to the store."""
    if not paper.keep:
        raise NotKept(paper=paper.title)


class ConsentNotFound(SohoaError):
    """No consent by that id."""

    exit_code = ExitCode.INPUT
    message = N_("There is no consent {consent}. See an owner's: sohoa consent show --owner -")


class ConsentNotInForce(SohoaError):
    """A consent was named that no longer holds, or is not about this."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Consent {consent} does not cover this: it is withdrawn, past, or for other papers. "
        "Ask the owner again."
    )


class NothingAgreed(SohoaError):
    """A consent without papers or purposes, or already past."""

    exit_code = ExitCode.USAGE
    message = N_("A consent needs papers, a purpose and a last day that is not past.")


class NoEvidence(SohoaError):
    """Nothing shows that the owner said yes; silence is not consent."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Nothing shows that it was said: give the signed form (--form), the one-time password's "
        "message number (--otp), or who heard it (--witness)."
    )


class MinorNeedsGuardian(SohoaError):
    """The owner is too young to agree by themselves."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "By the identification number the owner is under {age}: a parent or guardian agrees for "
        "them. Name them with --guardian."
    )


class AuthorityMissing(SohoaError):
    """Somebody agrees in the owner's place and does not say on what ground."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Who agrees in the owner's place must be named and show that they may. Give the paper "
        "that says so with --authority."
    )


class RepresentativeMissing(SohoaError):
    """An organisation was to agree by itself."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "An organisation agrees through a person: name who speaks for it with --delegate, and "
        "the paper that shows that they may with --authority (sohoa consent grant)."
    )


class ProcedureUnknown(SohoaError):
    """A paper was asked for a procedure nobody described here, without saying why."""

    exit_code = ExitCode.USAGE
    message = N_(
        "There is no procedure “{procedure}” here; see: sohoa profile list. If it is right all "
        "the same, say why in words with --reason; that goes on record."
    )


class NotForProcedure(NotReusable):
    """The procedure does not ask for papers of this type."""

    message = N_(
        "Record {record} is “{title}”, which the procedure {procedure} does not ask for. If it "
        "is needed all the same, say why in words with --reason; that goes on record."
    )


class ConsentLacking(NotReusable):
    """The paper is kept on the owner's consent, which does not cover this release."""

    message = N_(
        "The owner has not agreed that record {record} is used for the procedure {procedure}. "
        "Ask them, then record it with: sohoa consent grant"
    )


class KeepingEnded(NotReusable):
    """The consent on which the paper was kept was withdrawn."""

    message = N_(
        "Record {record} is no longer kept: its owner withdrew their consent on {day}. "
        "Ask the owner for the paper."
    )


class BasisUnrecorded(NotReusable):
    """It is not on record on what ground the paper is kept."""

    message = N_(
        "It is not on record on what ground record {record} is kept, so it is not handed out. "
        "Ask its owner, then record it with: sohoa consent grant"
    )


class OwnerUnnamed(NotReusable):
    """A paper of several owners was asked for without saying for which of them."""

    message = N_(
        "Record {record} belongs to several owners and is kept on consent. Say for which of them "
        "it is handed out, with --owner."
    )


class NotTheirs(NotReusable):
    """A paper was asked for an owner whose it is not."""

    message = N_("Record {record} is not a paper of the owner named.")


class TooOften(SohoaError):
    """More papers were asked for than the office's profile lets anybody take out."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "More papers were asked for than is usual ({limit}); nothing was handed out. "
        "Wait, or have your supervisor raise [limits] in the office profile."
    )
