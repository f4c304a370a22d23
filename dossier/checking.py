"""Verify documents: their signatures, their seal, and whether a paper in hand is the one sealed."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dossier.confined import TooMuch, confined
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from foundation.privacy import mask_number, mask_text, printable
from foundation.times import iso_utc, utc_now, vietnam_time
from profiles import Office

if TYPE_CHECKING:
    from digitize.turning import Pixels
    from ocr.words import Word
    from signing.credential import SealVerdict
    from signing.validation_policy import ValidationPolicy

Advance = Callable[[int, str], None]

#: Seconds a file may take: one of 130 MB takes 10, reading a paper in hand up to 60.
_SECONDS = 180.0
#: Resolution at which page 1 of a PDF is read when it stands for a paper in hand.
_READ_DPI = 300.0
#: Where the verdict itself travels beside its dictionary, from the process that made it.
_JUDGED = "judged"
#: Where a QR code's own text travels in the dictionary of a seal, for who looks its paper up.
SEAL_TEXT = "text"
#: Why a signed seal does not hold, by the stable word of its check.
_REASONS = {
    "malformed": N_("The QR seal is damaged."),
    "unknown-key": N_("Who signed the QR seal is not known here. Add the certificate: --trust."),
    "forged": N_("The QR seal was forged or altered."),
    "untrusted": N_("Who signed the QR seal is not trusted here. Add the root: --trust."),
    "out-of-date": N_("The QR seal's certificate was not in force when it says it was sealed."),
    "future": N_("The QR seal claims to be from the future."),
    "other-content": N_("The QR seal belongs to another document."),
    "unsigned": N_("The QR seal is not signed, so anybody could have made it."),
    "address": N_("The QR code is an address. Look there whether this paper is known."),
    "differs": N_("This is not the paper that was sealed."),
    "doubtful": N_("Some figures on this paper are not those that were sealed. Look at: {figures}"),
}


#: What a PAdES level (ETSI EN 319 142-1) means to who relies on the paper.
_LEVELS = {
    "b-b": N_("without a timestamp (B-B)"),
    "b-t": N_("with a timestamp (B-T)"),
    "b-lt": N_("for the long term (B-LT)"),
    "b-lta": N_("for the archive (B-LTA)"),
    "timestamp": N_("timestamp over the whole document"),
}


class NoSeal(SohoaError):
    """No seal could be found or read."""

    exit_code = ExitCode.SIGNATURE
    message = N_("{file}: no QR seal can be read. Scan or photograph the whole page, flat.")


@dataclass(frozen=True)
class Reliance:
    """What a verifier goes by.

    Attributes:
        trust: files or folders with the certificates relied on.
        known: more certificates, of issuers and seal keys, not relied on by themselves.
        policy: what is demanded of a signature; the default policy if None.
        years: also say whether it will hold in so many years.
    """

    trust: tuple[Path, ...] = ()
    known: tuple[Path, ...] = ()
    policy: "ValidationPolicy | None" = None
    years: int = 0


def reliance(office: Office, trust: Sequence[Path], known: Sequence[Path]) -> Reliance:
    """The certificates named on the command line, the office's, and the roots added here."""
    from signing.roots import root_files

    own = (office.credential.certificate,) if office.credential else ()
    return Reliance(
        trust=(*trust, *map(Path, office.trust), *root_files()),
        known=(*known, *map(Path, (*office.chain, *own))),
    )


def demanding(relied: Reliance, policy: Path | None, *, offline: bool, years: int) -> Reliance:
    """The same with a policy read from a file, without a network, looking some years ahead.

    Raises:
        BadPolicyFile: the file is no policy.
    """
    from signing.validation_policy import default_policy, load_policy

    demands = load_policy(policy) if policy else default_policy()
    return replace(relied, policy=demands.offline() if offline else demands, years=years)


def check_files(
    files: Sequence[Path],
    relied: Reliance,
    advance: Advance | None = None,
    report: Path | None = None,
) -> list[dict[str, Any]]:
    """A verdict for each file in the shape of ``verify --json``, the seal included.

    Args:
        files: what to judge.
        relied: what to go by.
        advance: told of each file that was judged.
        report: where to write the validation report (ETSI TS 119 102-2), if wanted.

    Raises:
        PdfUnreadable: the only file is missing or no PDF at all; of several, verdicts tell it.
        BadTrustFile: a certificate cannot be read.
    """
    answers = _each(files, judge_document, relied, advance)
    _tell_lists([one for answer in answers for one in answer["signatures"]])
    judged = [answer.pop(_JUDGED) for answer in answers if _JUDGED in answer]
    if report and judged:
        from foundation.files import atomic_path
        from signing.etsi_report import validation_report

        with atomic_path(report) as part:
            part.write_bytes(validation_report(judged))
    return answers


def _each(
    files: Sequence[Path],
    judge: Callable[[Path, Reliance], dict[str, Any]],
    relied: Reliance,
    advance: Advance | None,
) -> list[dict[str, Any]]:
    """A verdict for every file; one that cannot be read does not keep the others from theirs."""
    verdicts = []
    with confined(len(files), _SECONDS) as start:
        waits = [start(judge, path, relied) for path in files]
        for number, (path, wait) in enumerate(zip(files, waits, strict=True), 1):
            try:
                verdicts.append(_for_all(wait()))
            except SohoaError as error:
                kept = isinstance(error, TooMuch) or (
                    len(files) > 1 and error.exit_code in (ExitCode.INPUT, ExitCode.SIGNATURE)
                )
                if not kept:
                    raise
                fault = {"verdict": "indeterminate", "reason": str(error), "signatures": []}
                verdicts.append({"file": str(path), "seal": None, **fault})
            if advance:
                advance(number, path.name)
    return verdicts


def _for_all(verdict: dict[str, Any]) -> dict[str, Any]:
    """The verdict without what the QR code says word for word: that may hold a number."""
    if verdict["seal"]:
        del verdict["seal"][SEAL_TEXT]
    return verdict


def judge_document(path: Path, relied: Reliance) -> dict[str, Any]:
    """One file's verdict; to be called in a process of its own (:mod:`dossier.confined`)."""
    from signing import verify_file

    judged = verify_file(
        path, relied.trust, policy=relied.policy, known=relied.known, years=relied.years
    )
    verdict = judged.as_dict() | {_JUDGED: judged}
    seal = seal_in(path, relied)
    if seal and seal["verdict"] == "invalid":
        verdict |= {"verdict": "invalid", "reason": seal["reason"]}
    return verdict | {"seal": seal}


def _tell_lists(signatures: list[dict[str, Any]]) -> None:
    """Say of each signature which list its root stands on; ``named`` for --trust, the office."""
    from signing.roots import trusted_roots

    lists = {root.anchor.fingerprint: root.list_name for root in trusted_roots()}
    for signature in signatures:
        root = signature["root"]
        signature["trusted_by"] = lists.get(root, "named") if root else ""


def seal_in(path: Path, relied: Reliance) -> dict[str, Any] | None:
    """What the seal of a PDF says and comes to; None without one or where page 1 is unreadable."""
    import pypdfium2

    from digitize.seal import read_seals

    try:
        texts = read_seals(path)
    except pypdfium2.PdfiumError:
        return None  # the verdict on the signatures says what is wrong with the file
    seal = next(filter(None, (judge_seal(text, relied) for text in texts)), None)
    if seal and seal["verdict"] == "valid" and seal["digest"] != _digest(path):
        seal |= _fault("invalid", "other-content")
    return seal


def check_papers(
    files: Sequence[Path], relied: Reliance, advance: Advance | None = None
) -> list[dict[str, Any]]:
    """What the seal on each paper comes to, and whether the paper is the one sealed.

    Args:
        files: scans or photographs of a first page, or PDF files; no network is used.

    Returns:
        For each: ``file``, ``verdict``, ``reason``, ``seal`` and ``paper`` (how the words
        in hand compare with those that were sealed; None where nothing was compared).

    Raises:
        NoSeal: no QR seal can be read on the only file; of several it is told in its verdict.
        SohoaError: a picture or certificate cannot be read.
    """
    return _each(files, judge_paper, relied, advance)


def judge_paper(path: Path, relied: Reliance) -> dict[str, Any]:
    """One paper's verdict; to be called in a process of its own. Raises as :func:`check_papers`."""
    from ocr.codes import find_codes
    from ocr.sketch import compare

    whole, dpi = _picture(path)
    pixels, dpi = (whole, dpi) if _is_pdf(path) else _flat(whole, dpi)
    looked_at = (pixels,) if pixels is whole else (pixels, whole)
    addresses: list[str] = []
    seal = None
    for text in (code.text for one in looked_at for codes in find_codes(one) for code in codes):
        if seal := judge_seal(text, relied):
            break
        if text.startswith("https://"):
            addresses.append(text)
    if seal is None and addresses:
        fault = _fault("indeterminate", "address")
        seal = {"form": "url", **fault, "paper_name": addresses[0], SEAL_TEXT: addresses[0]}
    if seal is None:
        raise NoSeal(file=path.name)
    answer = {"file": str(path), "verdict": seal["verdict"], "reason": seal["reason"]}
    same_file = seal["form"] == "signed" and _is_pdf(path)
    if seal["verdict"] != "valid" or (same_file and seal["digest"] == _digest(path)):
        return answer | {"seal": seal, "paper": None}
    likeness = compare(bytes.fromhex(seal["sketch"]), _words(pixels, dpi))
    if likeness is None:
        return answer | {"seal": seal, "paper": None}
    # Figures read off the paper may be somebody's number.
    likeness = replace(likeness, strange=tuple(map(mask_text, likeness.strange)))
    if likeness.verdict != "matches":
        kind = "invalid" if likeness.verdict == "differs" else "indeterminate"
        answer |= _fault(kind, likeness.verdict, figures=", ".join(likeness.strange))
    return answer | {"seal": seal, "paper": asdict(likeness)}


def judge_seal(text: str, relied: Reliance) -> dict[str, Any] | None:
    """A QR code's text as a seal: fields for people, the verdict, the text; None if it is none."""
    from digitize.seal import parse_seal
    from signing.credential import check, is_credential

    if is_credential(text):
        verdict = check(text, relied.trust, utc_now(), known=relied.known)
        return _signed_seal(verdict) | {SEAL_TEXT: text}
    fields = parse_seal(text)
    if fields is None:
        return None
    shown = {name: _shown(name, value) for name, value in fields.items()}
    # Anybody can write such a code: what it says must not stand where the verdict stands.
    return {**shown, "form": "fields", **_fault("indeterminate", "unsigned"), SEAL_TEXT: text}


def _signed_seal(verdict: "SealVerdict") -> dict[str, Any]:
    seal: dict[str, Any] = {"form": "signed", "verdict": verdict.verdict, "reason": ""}
    if verdict.cause:
        seal |= _fault(verdict.verdict, verdict.cause)
    if claims := verdict.claims:
        seal |= {name: _shown(name, value) for name, value in claims.fields.items()}
        seal |= {
            "issued_at": iso_utc(claims.issued_at),
            "office": claims.office,
            "signer": verdict.signer,
            "digest": claims.digest.hex(),
            "sketch": claims.sketch.hex(),
        }
    return seal


def _fault(verdict: str, cause: str, **facts: str) -> dict[str, str]:
    return {"verdict": verdict, "cause": cause, "reason": _(_REASONS[cause]).format(**facts)}


def _picture(path: Path) -> "tuple[Pixels, float]":
    """The paper as a picture and its dots per inch: a picture file, or page 1 of a PDF."""
    from digitize.seal import first_page
    from digitize.sources import check_sources, load_measured, read_sources

    if _is_pdf(path):
        return first_page(path, _READ_DPI), _READ_DPI
    check_sources([path])
    sheet = next(iter(read_sources([path])))
    return load_measured(sheet)


def _flat(pixels: "Pixels", dpi: float) -> "tuple[Pixels, float]":
    """A page photographed at an angle made flat, as digitising does it; else as it is."""
    from digitize.photo import flatten_photo

    flat = flatten_photo(pixels)
    return flat.pixels, flat.dpi or dpi


def _is_pdf(path: Path) -> bool:
    return path.suffix.lower() == ".pdf"


def _words(pixels: "Pixels", dpi: float) -> "list[Word]":
    from digitize.ink import find_marks
    from digitize.reading import read_page, set_upright
    from digitize.turning import to_gray

    page = set_upright(pixels, dpi, find_marks(to_gray(pixels), dpi))
    return read_page(page, "vie", lambda: pixels).words


def _digest(path: Path) -> str:
    """Digest of the document's content; empty where it cannot be had."""
    import pikepdf

    from digitize.content import content_digest

    try:
        return content_digest(path).hex()
    except pikepdf.PdfError:
        return ""


def _shown(name: str, value: str) -> str:
    if name == "owner":
        return mask_number(value)
    if name == "record_code":
        owner, dot, rest = value.partition(".")
        return mask_number(owner) + dot + rest if owner.isdigit() else value
    return value


def in_words(verdict: dict[str, Any]) -> str:
    """A verdict for people: a line for the file, for each signature, for the seal and the paper."""
    words = {
        "valid": _("VALID"),
        "invalid": _("NOT VALID"),
        "indeterminate": _("CANNOT BE DECIDED"),
    }
    lines = [f"{words[verdict['verdict']]}  {printable(Path(verdict['file']).name)}"]
    for signature in verdict.get("signatures", ()):
        when = signature["timestamp"] or signature["signed_at"] or ""
        level = _(_LEVELS.get(signature["level"], signature["level"]))
        lines.append(f"  {signature['signer']} · {local(when)} · {level}")
        told = [signature["reason"], *signature["notes"]]
        if signature["verdict"] == "valid":
            told.append(signature["outlook"])
        elif signature["when_signed"] == "valid":
            told.append(_("At the time it names, it held."))
        lines += [f"    {text}" for text in told if text]
    if verdict.get("reason") and not verdict.get("signatures"):
        lines.append(f"  {verdict['reason']}")
    if ahead := verdict.get("in_years"):
        text = (
            _("In {years} years: holds.") if ahead["holds"] else _("In {years} years: no longer.")
        )
        lines.append(f"  {text.format(years=ahead['years'])} {ahead['reason']}")
    if verdict["seal"]:
        lines += _seal_in_words(verdict["seal"])
    if paper := verdict.get("paper"):
        text = _("{found} of {count} sealed figures are on this paper")
        lines.append("  " + text.format(found=paper["figures_found"], count=paper["figures"]))
    return "\n".join(lines)


def _seal_in_words(seal: dict[str, Any]) -> list[str]:
    lines = ["  " + _("QR seal: {paper}").format(paper=seal.get("paper_name", ""))]
    if seal.get("signer"):
        text = _("sealed by {signer}, {time}")
        lines.append("    " + text.format(signer=seal["signer"], time=local(seal["issued_at"])))
    if seal["form"] == "signed" and seal["reason"]:
        lines.append(f"    {seal['reason']}")
    return lines


def local(moment: str) -> str:
    """An ISO 8601 moment on Vietnam's clock, for people."""
    from datetime import datetime

    try:
        return vietnam_time(datetime.fromisoformat(moment)).strftime("%d/%m/%Y %H:%M:%S +07:00")
    except ValueError:
        return moment
