"""Stable words for what is met often, as people say them: states, flags of pages, errors, doubts.

The words are flags of a page's finding, message ids of errors, kinds of doubts about a register's
row or a parted stack, and reasons for matching no row. Those not named here stand as they are.
"""

from dossier.lot_checks import FAULTS, QUESTIONS
from foundation.messages import N_, _

#: How far a document has come, in words.
STATE_NAMES = {
    "planned": N_("planned"),
    "scanned": N_("scanned"),
    "recognised": N_("recognised"),
    "checked": N_("checked"),
    "sealed": N_("sealed"),
    "signed": N_("signed"),
    "deposited": N_("in the store"),
    "set-aside": N_("set aside"),
    "withdrawn": N_("taken out for good"),
}
_WORDS = {
    "low-dpi": N_("too few dots per inch"),
    "low-confidence": N_("hard to read"),
    "not-recognised": N_("could not be read"),
    "blurred": N_("blurred"),
    "faint": N_("too faint"),
    "dark": N_("too dark"),
    "shadow": N_("a shadow lies on it"),
    "streaked": N_("a streak runs through it"),
    "covered": N_("something lies on it"),
    "cut-left": N_("cut off at the left"),
    "cut-right": N_("cut off at the right"),
    "cut-top": N_("cut off at the top"),
    "cut-bottom": N_("cut off at the bottom"),
    "turn-unsure": N_("unsure which way is up"),
    "other-language": N_("another language"),
    "clerk": N_("the clerk wished it"),
    "pages-off": N_("another number of pages than expected"),
    "other-paper": N_("another kind of paper"),
    "below-bar": N_("pages below the bar of quality"),
    "page-not-read": N_("a page could not be read"),
    "source-away": N_("the scans could not be reached"),
    "sheets-twice": N_("the same sheets twice"),
    "all-blank": N_("all pages blank"),
    "not-as-signed": N_("changed after it was signed"),
    "lot-rejected": N_("its lot was rejected"),
    "lot-rework": N_("found wrong in the sample"),
    "row-differs": N_("the paper does not fit its row of the register"),
    "no-row": N_("no row of the register"),
    "claimed-twice": N_("another document goes by the same row"),
    "before-separator": N_("before the first separator"),
    "no-paper": N_("no paper behind the separator"),
    "too-many-pages": N_("more pages than the register says"),
    "too-few-pages": N_("fewer pages than the register says"),
    "number-missing": N_("no number in the register"),
    "number-is-date": N_("number taken for a date"),
    "number-damaged": N_("number cut short"),
    "number-personal": N_("a personal number for the paper's"),
    "number-twice": N_("its number stands in the register twice"),
    "row-twice": N_("its row stands in the register twice"),
    "owner-missing": N_("no owner in the register"),
    "owner-id-damaged": N_("owner's number cut short"),
    "formula": N_("a formula in the register"),
    "empty-file": N_("empty file"),
    "empty-folder": N_("empty folder"),
    "missing-file": N_("file missing"),
    "not-a-picture": N_("no picture and no PDF"),
    "foreign-kind": N_("a kind of file that is not read"),
    "deep-colours": N_("more shades than can be read"),
    "only-subfolders": N_("its pages lie in subfolders"),
    "subfolder-beside": N_("a subfolder lies among its pages"),
    "not-permitted": N_("no permission to read it"),
    "cut-short": N_("file cut short"),
    "damaged-pdf": N_("damaged PDF"),
    "broken-sheet": N_("damaged picture"),
    "dynamic-form": N_("dynamic form (XFA)"),
    "password-protected": N_("protected by a password"),
    "pdf-without-pages": N_("PDF without pages"),
    "signed-input": N_("signed already"),
    "too-large": N_("picture too large"),
    "too-small": N_("picture too small"),
    "still-open": N_("still open in another program"),
    "secret-paper": N_("marked as a state secret"),
    "page-failed": N_("a page failed"),
    "recogniser-failed": N_("the recogniser failed"),
    "workers-gone": N_("workers died"),
    "gave-up": N_("no run survived it"),
    "step-fault": N_("a fault in sohoa"),
    "storage-fails": N_("the disk or the network failed"),
    "disk-full-here": N_("the disk was full"),
    "cluster-away": N_("the cluster was away"),
}


def word(name: str) -> str:
    """A stable word for people."""
    for known in (_WORDS, STATE_NAMES, FAULTS, QUESTIONS):
        if name in known:
            return _(known[name])
    return name.replace("-", " ")
