"""Everything the warehouse refuses or cannot do, one class a cause."""

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_


class WarehouseUnreachable(SohoaError):
    """The folder or its catalogue cannot be created, opened, read or written."""

    exit_code = ExitCode.WAREHOUSE
    message = N_(
        "The warehouse {folder} cannot be reached: {detail}. "
        "Check that its disk is connected and that you may write there."
    )


class WarehouseBusy(WarehouseUnreachable):
    """Another program kept the catalogue locked for longer than we wait."""

    message = N_(
        "The warehouse {folder} is busy with another program. Wait a minute and try again."
    )


class WarehouseFull(WarehouseUnreachable):
    """The disk under the warehouse is full."""

    message = N_("The disk of the warehouse {folder} is full. Free some space, then try again.")


class NotAWarehouse(WarehouseUnreachable):
    """The folder holds something else."""

    message = N_("{folder} is not a warehouse of sohoa. Name its folder, or an empty one.")


class NewerWarehouse(WarehouseUnreachable):
    """The catalogue was made by a later sohoa."""

    message = N_("The warehouse {folder} was made by a newer sohoa. Update sohoa, then try again.")


class CatalogueDamaged(WarehouseUnreachable):
    """The database found the catalogue malformed."""

    message = N_(
        "The catalogue of the warehouse {folder} is damaged. "
        "Make it anew from the papers with: sohoa warehouse rebuild"
    )


class CatalogueMissing(WarehouseUnreachable):
    """There are papers but no catalogue: nothing may be created over them."""

    message = N_(
        "The warehouse {folder} holds papers but its catalogue is gone. "
        "Make it anew from them with: sohoa warehouse rebuild"
    )


class ObjectsMissing(WarehouseUnreachable):
    """There is a catalogue but no objects: a disk not mounted, another bucket."""

    message = N_(
        "The papers of the warehouse {folder} are not where its settings say. "
        "Check that the disk is mounted, or the bucket's name."
    )


class PlainWarehouse(WarehouseUnreachable):
    """A store of an early trial version, whose papers lie there unencrypted."""

    message = N_(
        "The warehouse {folder} was made by a trial version and keeps papers unencrypted. "
        "Move the folder away and deposit the papers in its objects/ again."
    )


class BadSettings(SohoaError):
    """``warehouse.toml`` or the environment names something that cannot be."""

    exit_code = ExitCode.SETUP
    message = N_("The settings of the warehouse in {file} are not right: {detail}.")


class AuditAltered(SohoaError):
    """An entry of the audit can no longer be read as one."""

    exit_code = ExitCode.WAREHOUSE
    message = N_(
        "The audit of record {record} has been altered. "
        "Restore the warehouse from a backup, then run: sohoa audit verify"
    )


class KeyMissing(WarehouseUnreachable):
    """A key of the office is gone."""

    message = N_("The key of the warehouse {folder} is gone. Restore {file} from a backup.")


class JournalDamaged(WarehouseUnreachable):
    """A transaction told of in the journal can no longer be read."""

    message = N_(
        "Entry {number} of the warehouse's journal is missing or damaged. "
        "Mend it with: sohoa warehouse repair"
    )


class DiskUnsound(WarehouseUnreachable):
    """What was read back is not what was written."""

    message = N_(
        "The disk of the warehouse {folder} did not give back what was written to it. "
        "Nothing was deposited. Have the disk checked."
    )


class DamagedObject(SohoaError):
    """A stored paper is no longer the one that was deposited."""

    exit_code = ExitCode.WAREHOUSE
    message = N_(
        "The stored paper of record {record} has been damaged or altered; it was not handed out. "
        "Mend it from a copy with: sohoa warehouse repair"
    )


class MissingObject(DamagedObject):
    """A stored paper's file is gone."""

    message = N_(
        "The stored paper of record {record} is missing. "
        "Mend it from a copy with: sohoa warehouse repair"
    )


class KeyDamaged(DamagedObject):
    """A record's wrapped key is gone or altered."""

    message = N_(
        "The key of record {record} is missing or damaged, so its paper cannot be read. "
        "Mend it with: sohoa warehouse repair"
    )


class NothingToRepairFrom(WarehouseUnreachable):
    """The replica named is none of this warehouse."""

    message = N_("There is no copy of this warehouse at {replica}. Check the address.")


class UnreadableFile(SohoaError):
    """The file to deposit cannot be opened."""

    exit_code = ExitCode.INPUT
    message = N_("{file} cannot be read: {detail}. Check the name and that you may open it.")


class EmptyFile(SohoaError):
    """The file to deposit has no bytes."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is empty. Digitise the paper again and deposit the new file.")


class NotAPdf(SohoaError):
    """The file to deposit is no PDF, or a broken one."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file} is not a whole PDF file. Digitise the paper again and deposit the new file."
    )


class ProtectedPdf(SohoaError):
    """The PDF to deposit asks for a password."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is locked with a password. Ask for a copy without one and deposit that.")


class UnsignedPaper(SohoaError):
    """The profile asks for a signature and there is none."""

    exit_code = ExitCode.SIGNATURE
    message = N_(
        "{file} is not signed, which this kind of paper must be. Sign it, then deposit it."
    )


class InvalidSignature(SohoaError):
    """A signature does not hold."""

    exit_code = ExitCode.SIGNATURE
    message = N_("{file} is not stored: {reason} See what is wrong with: sohoa verify")


class SecretPaper(SohoaError):
    """The paper bears a mark of secrecy."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "{file} bears a mark of state secrecy. Such papers are not digitised "
        "(Thông tư 01/2023/TT-VPCP, Điều 4)."
    )


class CannotWrite(SohoaError):
    """The copy handed out cannot be written where it was asked for."""

    exit_code = ExitCode.INPUT
    message = N_("{file} cannot be written: {detail}. Choose another place and try again.")


class RecordNotFound(SohoaError):
    """No record by that id or code."""

    exit_code = ExitCode.INPUT
    message = N_(
        "There is no record {record} in the warehouse. Look it up with: sohoa find --owner -"
    )


class OwnerMissing(SohoaError):
    """A deposit without the owner's number."""

    exit_code = ExitCode.USAGE
    message = N_("Whose paper is it? Give the owner's identification number.")


class ReasonMissing(SohoaError):
    """A release or revocation without its reason or procedure."""

    exit_code = ExitCode.USAGE
    message = N_("Say why, and for which procedure: a paper only moves with a reason on record.")


class CodeTemplateFaulty(SohoaError):
    """A profile's code template that cannot give every paper its own code."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The code template {template} does not give each paper its own code. "
        "Use {{serial}} and only the known placeholders in the office profile."
    )


class RecordConflict(SohoaError):
    """The owner already has another paper of this type under this number."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "The owner already has {title} number {number} with other content: record {record}. "
        "Compare the two; if the new one replaces it, deposit it with --supersede."
    )


class ContentWithdrawn(RecordConflict):
    """The very same file was deposited before and has since been withdrawn."""

    message = N_(
        "This same file is record {record}, version {version}, which is no longer in force. "
        "If the paper is valid again, digitise it anew and deposit the new file."
    )


class CodeTaken(RecordConflict):
    """Another record already bears this code."""

    message = N_("Record {record} already bears this code. Reserve a new code and seal anew.")


class OwnerKnown(SohoaError):
    """The owner of a record is known already."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("Record {record} already has its owner. Nothing was changed.")


class NotARenewal(SohoaError):
    """A file was to take a paper's place that does not begin with it."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "The file does not begin with the paper of record {record}, byte for byte. "
        "Nothing was changed."
    )


class NotInForce(SohoaError):
    """There is nothing in force that could be revoked or renewed."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "Record {record}, version {version}, has been out of force since {day}. "
        "Nothing was changed."
    )


class NotReusable(SohoaError):
    """Base of the reasons why a paper may not be reused; each has a class of its own."""

    exit_code = ExitCode.NOT_ALLOWED


class RecordExpired(NotReusable):
    """Its last day of validity is past."""

    message = N_("Record {record} expired after {day}. Ask the owner for a paper still in force.")


class RecordRevoked(NotReusable):
    """It was revoked."""

    message = N_("Record {record} was revoked on {day}. Ask the owner for the paper in force.")


class RecordErased(NotReusable):
    """It was erased: its key is destroyed."""

    message = N_("Record {record} was erased. Its paper cannot be read any more.")


class RecordSuperseded(NotReusable):
    """A newer version took its place."""

    message = N_(
        "This version of record {record} was replaced on {day}. "
        "Use the newer one: sohoa reuse {record}"
    )
