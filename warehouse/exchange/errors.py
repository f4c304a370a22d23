"""Why a package is refused, one class a cause. Nothing of a refused package is stored."""

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_


class PackageRefused(SohoaError):
    """Base of the reasons why a package is not taken in."""

    exit_code = ExitCode.INPUT


class NotAPackage(PackageRefused):
    """Neither an ASiC-E container, nor a bag, nor a folder of records."""

    message = N_(
        "{file} is no package of dossiers: an ASiC-E file, or a folder or ZIP file with bagit.txt "
        "or package.json in it, is expected."
    )


class PackageDamaged(PackageRefused):
    """A ZIP file that is cut off, altered, or written in a way that hides something."""

    message = N_("{file}: the ZIP file is damaged or hides data ({detail}). Ask for it anew.")


class PackageTooLarge(PackageRefused):
    """It holds, or unpacks to, more than any honest package."""

    message = N_(
        "{file}: it unpacks to more than an honest package does ({detail}). "
        "Ask for the papers in several packages."
    )


class PackageEncrypted(PackageRefused):
    """A file in it is encrypted."""

    message = N_("{file}: “{name}” in it is encrypted. Ask for the package without a password.")


class UnsafeName(PackageRefused):
    """A name that leads out of the package, or is none of those packages have."""

    message = N_("{file}: it holds a file with the name “{name}”, which no package has.")


class NamedTwice(PackageRefused):
    """Two files of one name: each reader would take another."""

    message = N_("{file}: it holds two files named “{name}”.")


class NotARegularFile(PackageRefused):
    """A link, a folder entry or a device."""

    message = N_("{file}: “{name}” in it is a link or no ordinary file.")


class WrongMimetype(PackageRefused):
    """The first entry does not say, as it must, that this is an ASiC-E container."""

    message = N_(
        "{file}: the entry “mimetype” must come first, uncompressed, and say "
        "application/vnd.etsi.asic-e+zip (ETSI EN 319 162-1)."
    )


class ManifestFaulty(PackageRefused):
    """A list of what is in the package cannot be read, or says what cannot be."""

    message = N_("{file}: “{name}” in it cannot be read ({detail}). Ask for the package anew.")


class PartMissing(PackageRefused):
    """Something that must be there is not."""

    message = N_("{file}: “{name}” is missing from it. Ask for the package anew.")


class StrangeFile(PackageRefused):
    """Something is there that no list names, so that nobody answers for it."""

    message = N_("{file}: “{name}” in it is on no list, so nobody answers for it.")


class ContentAltered(PackageRefused):
    """A file is not the one that was packed."""

    exit_code = ExitCode.SIGNATURE
    message = N_("{file}: “{name}” in it was changed after it was packed. Ask for it anew.")


class PlaceTaken(SohoaError):
    """A folder to write a package to is there already."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is there already. Name a folder that is not.")
