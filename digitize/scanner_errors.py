"""What can go wrong at the scanner, one class a cause, each saying what to do.

Errors of a scan carry the facts ``kept`` (pages of this scan that are safe on disk) and
``page`` (the number to go on from), and end by saying so. In duplex ``page`` is always a
front: a sheet whose back did not come goes through again from its front, so that fronts
and backs never swap.
"""

from typing import Any

from foundation import N_, ExitCode, SohoaError, _


class ScannerError(SohoaError):
    """Anything that goes wrong at the scanner."""

    exit_code = ExitCode.SCANNER
    message = N_("{device}: the scanner reports “{detail}”. Switch it off and on.")


class ScanInterrupted(ScannerError):
    """A scan that can go on once the cause is gone; says from which page."""

    message = N_("{device}: the scan was interrupted ({detail}).")

    def __str__(self) -> str:
        page = self.facts["page"]
        if page > 1:
            then = _(
                "The pages before page {page} are kept: "
                "lay the sheets in again from page {page} and go on."
            )
        else:
            then = _("Scan again when ready.")
        return f"{super().__str__()} {then.format(page=page)}"


class SaneMissing(ScannerError):
    """The SANE library or its Python module is not installed."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The scanner software SANE is not installed ({detail}). "
        "Run: sudo apt-get install libsane1 sane-airscan sane-utils && uv sync"
    )


class NoScannerFound(ScannerError):
    """There is no scanner at all."""

    message = N_(
        "No scanner was found. Switch the scanner on, check its cable or network, "
        "then run: sohoa devices"
    )


class ScannerNotFound(ScannerError):
    """There are scanners, but not this one."""

    message = N_("There is no scanner “{device}”. Scanners here: {known}.")


class ScannerDenied(ScannerError):
    """This user may not use the scanner."""

    message = N_(
        "{device}: this user may not use the scanner. "
        "Run: sudo usermod -aG scanner $USER, then log in again."
    )


class BadScanOption(ScannerError):
    """The scanner does not take this value."""

    exit_code = ExitCode.USAGE
    message = N_("{device} does not take {option} = {value}. Allowed: {allowed}.")


class NoScanOption(ScannerError):
    """The scanner has no such option, or it cannot be set in its present state."""

    exit_code = ExitCode.USAGE
    message = N_("{device} has no option “{option}” that can be set. Leave it out.")


class UnsafePicture(ScannerError):
    """The driver delivers pictures in a form that cannot be read without damage."""

    message = N_(
        "{device} delivers pictures that cannot be read safely ({detail}). "
        "Choose another resolution, mode or driver."
    )


class ScannerBusy(ScanInterrupted):
    """Somebody else is scanning."""

    message = N_("{device} is busy with another job. Wait until it is free.")


class FeederEmpty(ScannerError):
    """No page came because there is no paper in the feeder."""

    message = N_("{device}: the feeder is empty. Lay the sheets in and scan again.")


class FeederJammed(ScanInterrupted):
    """Paper is stuck."""

    message = N_("{device}: paper is jammed at page {page}. Clear the jam.")


class CoverOpen(ScanInterrupted):
    """A cover stands open."""

    message = N_("{device}: the cover is open. Close it.")


class DeviceGone(ScanInterrupted):
    """The scanner does not answer: switched off, unplugged, off the network."""

    message = N_("{device} does not answer. Check that it is switched on and connected.")


class ScannerCrashed(ScanInterrupted):
    """The driver's process died."""

    message = N_("The driver of {device} broke down ({detail}). Switch the scanner off and on.")


class ScannerHung(ScanInterrupted):
    """Nothing was heard of the scanner for too long; its process was ended."""

    message = N_("{device} was silent for {seconds} seconds. Switch the scanner off and on.")


class TruncatedPage(ScanInterrupted):
    """A page ended before its last line; it is not kept."""

    message = N_("{device} broke page {page} off after {lines} of {expected} lines.")


class ScanStorageFull(ScanInterrupted):
    """The disk has no room for the page."""

    message = N_("The disk of {folder} is full. Free some space.")


class ScanNotStored(ScanInterrupted):
    """The page cannot be written for a reason other than room."""

    message = N_("Page {page} cannot be written to {folder} ({detail}). Choose another folder.")


class ScanStopped(ScanInterrupted):
    """The user stopped the scan, here or at the machine."""

    exit_code = ExitCode.STOPPED
    message = N_("Scanning was stopped.")


#: SANE's status texts (``sane_strstatus`` of SANE 1.0 to 1.3) and their causes.
_BY_STATUS: dict[str, type[ScannerError]] = {
    "Operation was canceled": ScanStopped,
    "Operation was cancelled": ScanStopped,
    "Device busy": ScannerBusy,
    "Document feeder jammed": FeederJammed,
    "Document feeder out of documents": FeederEmpty,
    "Scanner cover is open": CoverOpen,
    "Error during device I/O": DeviceGone,
    "Access to resource has been denied": ScannerDenied,
}

#: Causes the worker names itself.
_BY_KIND: dict[str, type[ScannerError]] = {
    "sane-missing": SaneMissing,
    "bad-option": BadScanOption,
    "no-option": NoScanOption,
    "unsafe-picture": UnsafePicture,
    "truncated": TruncatedPage,
    "storage-full": ScanStorageFull,
    "not-stored": ScanNotStored,
}


def error_for(fault: dict[str, Any], **facts: Any) -> ScannerError:
    """The error for a worker's fault message, filled with what the parent knows.

    ``fault`` has ``kind`` and the facts of that kind; for kind ``status`` the fact
    ``detail`` is SANE's own text.
    """
    told = {key: value for key, value in fault.items() if key not in ("event", "kind")} | facts
    if fault["kind"] == "status":
        return _BY_STATUS.get(fault["detail"], ScannerError)(**told)
    if fault["kind"] == "not-found":
        known = ", ".join(fault["known"])
        return ScannerNotFound(**told | {"known": known}) if known else NoScannerFound(**told)
    return _BY_KIND[fault["kind"]](**told)
