"""No attack is accepted, and the reason is right; no honest file is refused."""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signing.errors import PdfUnreadable
from signing.validation_policy import default_policy
from signing.verify import FileVerdict, verify_file
from tests.signing import later_attacks  # noqa: F401  registers its attacks
from tests.signing.attacks import ATTACKS
from tests.signing.honest import HONEST
from tests.signing.laboratory import DAY, Laboratory, laboratory
from tests.signing.papers import text_paper

Judge = Callable[[bytes], FileVerdict]
#: All 2,000 of the full run take four minutes; some in every run.
MUTATIONS = 2000 if os.environ.get("SOHOA_FULL_TESTS") else 150


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("lab")) as made:
        yield made


@pytest.fixture(scope="module")
def judge(lab: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    file = tmp_path_factory.mktemp("judged") / "file.pdf"

    def run(data: bytes) -> FileVerdict:
        file.write_bytes(data)
        return verify_file(file, [lab.root_pem])

    return run


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_seen_for_what_it_is(name: str, lab: Laboratory, judge: Judge) -> None:
    attack = ATTACKS[name]
    verdict = judge(attack.build(lab))
    found = {verdict.cause, *(one.cause for one in verdict.signatures)}
    assert (verdict.verdict, bool(found & {*attack.causes})) == (attack.verdict, True), found
    assert verdict.reason or any(one.reason for one in verdict.signatures)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_is_valid(name: str, lab: Laboratory, judge: Judge) -> None:
    verdict = judge(HONEST[name](lab))
    told = [(one.cause, one.reason) for one in verdict.signatures]
    assert verdict.verdict == "valid", (verdict.cause, told)


def test_there_are_enough_of_both() -> None:
    assert len(ATTACKS) >= 30
    assert len(HONEST) >= 20


@dataclass(frozen=True)
class Blow:
    """Where and how hard a file is struck."""

    data: bytes
    draw: random.Random
    place: int
    length: int

    @property
    def part(self) -> bytes:
        """Some of the file's own bytes."""
        other = self.draw.randrange(len(self.data))
        return self.data[other : other + self.length]

    def put(self, new: bytes, over: int = 0) -> bytes:
        """The file with ``new`` at the place, instead of ``over`` bytes."""
        return self.data[: self.place] + new + self.data[self.place + over :]


def _number(blow: Blow) -> bytes:
    digits = [at for at, byte in enumerate(blow.data) if byte in b"0123456789"]
    other = blow.draw.choice([b"0", b"9", b"-1", b"99999999999"])
    return replace(blow, place=blow.draw.choice(digits)).put(other, 1)


def _word(blow: Blow) -> bytes:
    word = blow.draw.choice([b"/Contents", b"/ByteRange", b"/Type", b"obj", b"xref", b"/Prev"])
    return blow.data.replace(word, blow.draw.choice([b"/X", b"", b"endobj", b"/Kids"]), 1)


#: The kinds of blows that broke parsers and signatures before.
BLOWS: dict[str, Callable[[Blow], bytes]] = {
    "flip": lambda blow: blow.put(bytes([blow.data[blow.place] ^ 1 << blow.draw.randrange(8)]), 1),
    "cut": lambda blow: blow.put(b"", blow.length),
    "insert": lambda blow: blow.put(blow.draw.randbytes(blow.length)),
    "copy": lambda blow: blow.put(blow.part),
    "overwrite": lambda blow: blow.put(blow.part, blow.length),
    "number": _number,
    "word": _word,
    "end": lambda blow: blow.data + blow.draw.choice([blow.part, b"\n%%EOF\n", b"startxref\n0\n"]),
    "truncate": lambda blow: blow.data[: blow.place],
}


@dataclass(frozen=True)
class Targets:
    """Signed files, each covered to its last byte; unseen in Hypothesis' reports."""

    files: tuple[bytes, ...] = field(repr=False)


@pytest.fixture(scope="module")
def targets(lab: Laboratory) -> Targets:
    """A small file with one stamped signature; one archived and signed again.

    Evidence behind the last signature is covered by none: whoever alters it takes away proof
    and changes nothing that was signed, so such a file is no target.
    """
    once = lab.sign(text_paper(1), stamped=True)
    return Targets((once, lab.sign(lab.archive(once), field="Signature2")))


@pytest.mark.timeout(1800 if MUTATIONS > 200 else 120)
@settings(
    max_examples=MUTATIONS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(sorted(BLOWS)), st.integers(0, 1), st.integers(0, 2**32))
def test_no_mutation_is_accepted_or_breaks_the_verifier(
    targets: Targets, judge: Judge, kind: str, which: int, seed: int
) -> None:
    data, draw = targets.files[which], random.Random(seed)  # noqa: S311  repeatable, no secret
    place, length = draw.randrange(len(data)), draw.choice((1, 1, 2, 4, 16, 64, 512))
    mutated = BLOWS[kind](Blow(data, draw, place, length))
    whole_revisions = data.startswith(mutated) and mutated.rstrip().endswith(b"%%EOF")
    if whole_revisions:
        return  # the file as it was, now or before it was signed again
    try:
        verdict = judge(mutated)
    except PdfUnreadable:
        assert b"%PDF-" not in mutated[:2048]
        return
    assert not verdict.valid, kind
    assert verdict.reason or any(one.reason for one in verdict.signatures)


def test_offline_is_an_explicit_choice(lab: Laboratory, judge: Judge, tmp_path: Path) -> None:
    data = ATTACKS["nobody-tells-whether-revoked"].build(lab)
    assert judge(data).verdict == "indeterminate"
    file = tmp_path / "file.pdf"
    file.write_bytes(data)
    offline = verify_file(file, [lab.root_pem], policy=default_policy().offline())
    (signature,) = offline.signatures
    assert (offline.verdict, signature.revocation) == ("valid", "unchecked")
    assert signature.notes


def test_a_revocation_after_a_proven_time_does_not_undo_a_signature(
    lab: Laboratory, judge: Judge
) -> None:
    who = lab.holder("Thôi việc", crl=lab.crl_url)
    data = lab.sign(text_paper(), who, stamped=True)
    assert judge(data).valid
    lab.revoked_at[who.certificate.serial_number] = datetime.now(UTC) + DAY / 24
    assert judge(data).valid


def test_what_was_let_pass_is_told(lab: Laboratory, judge: Judge) -> None:
    for name, words in {
        "unused-slots-freed": "not in use",
        "office-hybrid": "old viewers",
        "rules-bent-and-all-signed": "bends the rules",
        "certified-form-filled": "as the signers allowed",
    }.items():
        verdict = judge(HONEST[name](lab))
        assert verdict.valid
        assert any(words in note for one in verdict.signatures for note in one.notes), name


def test_it_says_until_when_a_signature_holds(lab: Laboratory, tmp_path: Path) -> None:
    file = tmp_path / "file.pdf"
    short = lab.holder("Ngắn hạn", ends=700 * DAY)
    for stamped, holds in ((False, False), (True, True)):
        file.write_bytes(lab.sign(text_paper(), short, stamped=stamped))
        in_years = verify_file(file, [lab.root_pem], years=5).in_years
        assert in_years is not None
        assert in_years.holds is holds
        assert "sohoa sign --upgrade" in in_years.reason


def test_a_policy_file_decides(lab: Laboratory, tmp_path: Path) -> None:
    file = tmp_path / "file.pdf"
    file.write_bytes(HONEST["certified-form-filled"](lab))
    strict = default_policy().model_copy(update={"form_filling": "never"})
    verdict = verify_file(file, [lab.root_pem], policy=strict)
    assert verdict.signatures[0].cause == "forms"
