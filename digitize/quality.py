"""Is the page good enough, and if not, what must the clerk do?"""

from collections.abc import Sequence

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
    "turn-unsure": N_("page {page}: unsure which way is up. Look at it"),
}
#: Flags that only ask for a look and do not refuse the page.
ADVICE = frozenset({"turn-unsure"})


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


def judge(dpi: float, confidence: float | None, rules: PageRules) -> tuple[str, ...]:
    """Flags of one written page against the profile's bars.

    A hundredth of the bar is forgiven: scanners round 200 dpi to 199.9.
    """
    flags = []
    if dpi < rules.min_dpi * 0.99:
        flags.append("low-dpi")
    if confidence is not None and confidence < rules.min_confidence:
        flags.append("low-confidence")
    return tuple(flags)


def reasons(findings: Sequence[Finding], rules: PageRules) -> list[str]:
    """What the clerk must do, a sentence for every flag of every kept page."""
    return [
        _(REASONS[flag]).format(page=finding.index + 1, bar=rules.min_dpi)
        for finding in findings
        for flag in finding.flags
    ]


def below_bar(findings: Sequence[Finding]) -> bool:
    """Whether any page carries a flag that is more than advice."""
    return any(set(finding.flags) - ADVICE for finding in findings)
