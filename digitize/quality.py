"""Is the page good enough, and if not, what must the clerk do?

How the bars were chosen: ``python -m benchmarks faults`` spoils sheets on purpose and
prints how many are caught, and how many good ones are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from digitize.borders import Side
from digitize.light import Light
from digitize.sharpness import Print
from digitize.sheet import Finding
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from profiles import PageRules

#: Flags that put a page below the profile's bar, each with what to do about it.
REASONS: dict[str, str] = {
    "low-dpi": N_("page {page}: below {bar} dpi. Scan it again at a higher resolution"),
    "low-confidence": N_("page {page}: too hard to read. Clean the glass and scan it again"),
    "not-recognised": N_("page {page}: could not be read, only its picture is kept"),
    "failed": N_("page {page}: could not be worked on. Scan it again"),
    "dark": N_("page {page}: too dark. Scan it again brighter"),
    "blurred": N_("page {page}: blurred. Scan it again"),
    "faint": N_("page {page}: the text is too faint. Scan it again darker"),
    "cut-left": N_("page {page}: cut off at the left edge. Lay it in straight and scan it again"),
    "cut-top": N_("page {page}: cut off at the top edge. Lay it in straight and scan it again"),
    "cut-right": N_("page {page}: cut off at the right edge. Lay it in straight and scan it again"),
    "cut-bottom": N_(
        "page {page}: cut off at the bottom edge. Lay it in straight and scan it again"
    ),
    "covered": N_(
        "page {page}: a finger or something else lies over it. Take it away and scan it again"
    ),
    "shadow": N_("page {page}: a shadow lies over it. Close the lid and scan it again"),
    "streaked": N_(
        "page {page}: a dark streak runs through it. Clean the scanner and scan it again"
    ),
    "photo-unsure": N_(
        "page {page}: looks like a photograph of a page, but its corners were not found; it is "
        "left as it is. Look at it"
    ),
    "turn-unsure": N_("page {page}: unsure which way is up. Look at it"),
    "other-language": N_(
        "page {page}: not in Vietnamese, so its text may be wrong. A translation may be needed"
    ),
}
#: Flags that only ask for a look and do not refuse the page.
ADVICE = frozenset({"turn-unsure", "photo-unsure", "other-language"})
#: Print is blurred at a smaller spread if it moved, or if it is read badly: at this share
#: of the bar, when smeared by so much or read with less confidence (0-100) than this. Moved
#: by 0.8 mm, sheets came to a spread of 0.29 mm, a smear of 1.28 and a word F1 of 0.77.
_MOVED, _SMEAR = 0.78, 1.22
_SOFT, _READ = 0.75, 80.0
#: A finger takes at least this share of the light of the paper's weakest colour; light
#: skin takes 0.3, the unevenness of good sheets came to 0.13.
_HAND = 0.17


class BelowQuality(SohoaError):
    """Some pages do not reach the profile's bar; the document is written all the same."""

    exit_code = ExitCode.QUALITY
    message = N_("{reasons}. The file was written so that you can look: {file}")


class AllBlank(SohoaError):
    """Every sheet is blank."""

    exit_code = ExitCode.QUALITY
    message = N_(
        "All {count} sheets are blank, so nothing was written. Were they laid in face down? "
        "To keep blank pages, add --keep-blank."
    )


@dataclass(frozen=True)
class Look:
    """What was seen on one sheet.

    Attributes:
        light: how the light fell on it.
        strokes: what its print looks like; None where there is too little.
        cut: sides of the upright page at which writing is cut off.
    """

    light: Light
    strokes: Print | None = None
    cut: tuple[Side, ...] = ()


def judge(
    dpi: float, confidence: float | None, rules: PageRules, look: Look | None = None
) -> tuple[str, ...]:
    """Flags of one written page against the profile's bars, the graver first.

    A hundredth of the bar is forgiven: scanners round 200 dpi to 199.9.
    """
    flags = []
    if dpi < rules.min_dpi * 0.99:
        flags.append("low-dpi")
    causes = [] if look is None else _causes(look, confidence, rules)
    if not causes and confidence is not None and confidence < rules.min_confidence:
        causes = ["low-confidence"]
    return (*flags, *causes)


def _causes(look: Look, confidence: float | None, rules: PageRules) -> list[str]:
    """What can be seen to be wrong with a sheet."""
    if look.light.brightness < rules.min_brightness:
        return ["dark"]
    flags = []
    strokes, light = look.strokes, look.light
    if strokes and _blurred(strokes, confidence, rules):
        flags.append("blurred")
    elif strokes and strokes.contrast < rules.min_contrast:
        flags.append("faint")
    flags += [f"cut-{side}" for side in look.cut]
    if light.hand >= _HAND:
        flags.append("covered")
    if light.shadow > rules.max_shadow:
        flags.append("shadow")
    if light.streak > rules.max_streak:
        flags.append("streaked")
    return flags


def _blurred(strokes: Print, confidence: float | None, rules: PageRules) -> bool:
    bar = rules.max_blur
    moved = strokes.spread > _MOVED * bar and strokes.smear > _SMEAR
    badly_read = confidence is not None and confidence < _READ
    return strokes.spread > bar or moved or (strokes.spread > _SOFT * bar and badly_read)


def reasons(findings: Sequence[Finding], rules: PageRules, *, by_file: bool = False) -> list[str]:
    """What the clerk must do, a sentence for every flag of every kept page.

    Args:
        by_file: name each page's file too, for whoever has to look for it among many.
    """
    return [
        _(REASONS[flag]).format(page=_named(finding, by_file=by_file), bar=rules.min_dpi)
        for finding in findings
        for flag in finding.flags
    ]


def _named(finding: Finding, *, by_file: bool) -> str:
    number = str(finding.index + 1)
    return f"{number} ({finding.source})" if by_file else number


def too_few(findings: Sequence[Finding], expected: int | None) -> list[str]:
    """A sentence where fewer written pages came than the clerk counted; else nothing.

    Args:
        expected: pages with writing on them; None or 0 where nobody counted.
    """
    written = sum(not finding.blank for finding in findings)
    if not expected or written >= expected:
        return []
    text = _(
        "the feeder pulled two sheets at once, or one is missing: {written} of {expected} pages. "
        "Count the sheets and scan them again"
    )
    return [text.format(written=written, expected=expected)]


def below_bar(findings: Sequence[Finding]) -> bool:
    """Whether any page carries a flag that is more than advice."""
    return any(set(finding.flags) - ADVICE for finding in findings)
