"""What can go wrong with the ledger: one class per cause."""

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_


class LedgerUnreachable(SohoaError):
    """The disk or the database under the ledger does not answer."""

    exit_code = ExitCode.WAREHOUSE
    message = N_(
        "The ledger {ledger} cannot be reached ({detail}). What is on record stays; when it is "
        "back, run the same command again."
    )


class LedgerBusy(LedgerUnreachable):
    """Others kept it to themselves for too long."""

    message = N_("The ledger {ledger} is busy. Run the same command again in a moment.")


class LedgerFull(LedgerUnreachable):
    """There is no room left for the ledger."""

    message = N_(
        "The disk of the ledger {ledger} is full. Nothing on record is lost; free some space, "
        "then run the same command again."
    )


class NotALedger(LedgerUnreachable):
    """A file stands in its place that is none."""

    message = N_("{ledger} is no ledger, or it is damaged. Name another with --batch.")


class NewerLedger(LedgerUnreachable):
    """A newer sohoa made it."""

    message = N_("The ledger {ledger} was made by a newer sohoa. Use that one, or update this one.")


class BadLedgerUrl(SohoaError):
    """The address of the ledger is none."""

    exit_code = ExitCode.SETUP
    message = N_(
        "SOHOA_LEDGER is no address of a PostgreSQL database: postgresql+psycopg://USER@HOST/NAME"
    )


class NoLedger(SohoaError):
    """Nothing has been planned here yet."""

    exit_code = ExitCode.INPUT
    message = N_("There is no ledger in {folder} yet. Begin with: sohoa batch plan FOLDER")


class AlreadyRunning(SohoaError):
    """Two runs of one station on one ledger."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Station {station} is already at work on this ledger. Wait until it has ended, or work "
        "as another station with --station NAME."
    )


class ClaimLost(SohoaError):
    """The document moved on while this run worked on it: somebody took it over."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("Document {document} was taken over by another run; nothing was done twice.")


class NoSuchDocument(SohoaError):
    """No document of the ledger has that id."""

    exit_code = ExitCode.INPUT
    message = N_("The ledger has no document {document}. See: sohoa batch status --all")


class NotSetAside(SohoaError):
    """A document was to be tried again that does not wait for a person."""

    exit_code = ExitCode.INPUT
    message = N_(
        "Document {document} is not set aside; nothing was tried again. See: sohoa batch status"
    )


class NoSuchReason(SohoaError):
    """Documents were to be tried again for a reason none is set aside for."""

    exit_code = ExitCode.INPUT
    message = N_(
        "No document is set aside for “{reason}”; nothing was tried again. There are: {reasons}"
    )


class OtherReason(SohoaError):
    """A document was named together with a reason that it is not set aside for."""

    exit_code = ExitCode.INPUT
    message = N_(
        "Document {document} is set aside for “{why}”, not for “{reason}”; nothing was tried "
        "again. Leave out --reason, or the document."
    )


class DecisionUnclear(SohoaError):
    """Documents were to be taken as they are without saying which somebody looked at."""

    exit_code = ExitCode.USAGE
    message = N_("--as-is: name the documents somebody looked at, without --rescanned.")


class NotByHand(SohoaError):
    """Somebody wanted to decide what nobody may."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Document {document} cannot be let through by hand: {detail} Put that right, then: "
        "sohoa batch retry {document} --rescanned"
    )


class OwnerWanted(SohoaError):
    """A paper of nobody was to be made a record."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Document {document} has no owner in line {line} of the register. Put one in, then: "
        "sohoa batch assign {document} REGISTER --line {line}"
    )


class NoSuchLine(SohoaError):
    """A register has no paper on a line."""

    exit_code = ExitCode.INPUT
    message = N_("{file} has no paper on line {line}. See: sohoa register {file}")


class RowTaken(SohoaError):
    """Another document goes by that row already."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("Line {line} of the register is that of another document: {source}.")


class SheetsTwice(SohoaError):
    """Two documents of one backlog have the very same sheets."""

    exit_code = ExitCode.INPUT
    message = N_(
        "Its sheets are those of document {document}; nothing is made twice. If the wrong sheets "
        "lie there, scan the right ones: sohoa batch retry ID --rescanned. If it is a second copy, "
        "a supervisor takes it out: sohoa batch withdraw ID --reason …"
    )
