"""What can go wrong with lots: one class per cause."""

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_


class NoSuchLot(SohoaError):
    """No lot of the ledger is called so."""

    exit_code = ExitCode.INPUT
    message = N_("The ledger has no lot “{lot}”. See: sohoa batch lots")


class LotUnfinished(SohoaError):
    """Some of its documents are not ready to be inspected."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Lot “{lot}”: {count} documents are not signed yet. Finish them with: sohoa batch run"
    )


class NothingToInspect(SohoaError):
    """None of its documents waits for a decision."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("Lot “{lot}” has no document that waits for a decision.")


class NotDrawn(SohoaError):
    """It was not closed and no sample was drawn."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("No sample of lot “{lot}” is waiting. Draw one with: sohoa batch sample {named}")


class Uninspected(SohoaError):
    """Documents of the sample were not looked at."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Lot “{lot}”: {count} documents of the sample are not checked yet. "
        "Check them with: sohoa batch check {named}"
    )


class OwnLot(SohoaError):
    """Somebody wanted to judge what they made themselves."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("{name} took part in making lot “{lot}” and may not judge it. Somebody else must.")


class NoSupervisor(SohoaError):
    """Who decides is no supervisor of this office."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "{name} is no supervisor of this office. Those who are stand in the office profile, "
        "under [staff]."
    )


class LotFailed(SohoaError):
    """A lot was to be accepted that its sample condemns."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Lot “{lot}” cannot be accepted: {wrong} of {size} documents in the sample are wrong, "
        "and at most {accept} may be. Send it back with: sohoa batch reject {named} --reason …"
    )


class LotChanged(SohoaError):
    """Documents of a lot are no longer what was drawn from."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Lot “{lot}”: {count} documents changed after the sample was drawn. Send it back with: "
        "sohoa batch reject {named} --rework --reason …"
    )


class ReasonMissing(SohoaError):
    """A lot was to be sent back without saying why."""

    exit_code = ExitCode.USAGE
    message = N_("Say why the lot is sent back, with --reason.")


class InspectionStopped(SohoaError):
    """Too many lots from one maker failed (ISO 2859-1 9.4)."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Five lots made by {makers} failed under tightened inspection: nothing of theirs is "
        "inspected until the cause is put right (ISO 2859-1, 9.4). Then: sohoa batch sample "
        "{named} --resume REASON"
    )


class NotInSample(SohoaError):
    """What was typed is about a document that was not drawn, or names an unknown fault."""

    exit_code = ExitCode.INPUT
    message = N_("{file}: document {document} is not in the sample, or a fault is unknown.")


class OtherFields(SohoaError):
    """What was typed leaves out fields, or names others than are asked for."""

    exit_code = ExitCode.INPUT
    message = N_("{file}: of document {document} these fields are wanted, and no others: {fields}")


class BadEntries(SohoaError):
    """A file with second entries is not of the form."""

    exit_code = ExitCode.INPUT
    message = N_(
        '{file} does not hold second entries: [{{"document": …, "fields": {{…}}, "faults": […]}}]'
    )
