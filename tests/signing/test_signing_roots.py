"""Nothing is trusted unless added, nothing is added unless its fingerprint was compared."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives import hashes, serialization

from dossier.checking import check_files, demanding, reliance
from foundation.errors import ExitCode
from profiles import load_office
from profiles.schema import ServiceRules
from signing import errors
from signing.certificates import display_name
from signing.longterm import means_of
from signing.roots import NoIssuer, add_root, remove_root, trusted_roots
from signing.validation_policy import load_policy
from signing.verify import verify_file
from tests.signing.laboratory import Laboratory, laboratory
from tests.signing.papers import text_paper

VR = "{http://uri.etsi.org/19102/v1.2.1#}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("lab")) as made:
        yield made


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _fingerprint(lab: Laboratory) -> str:
    return lab.root.certificate.fingerprint(hashes.SHA256()).hex()


def test_a_root_is_added_only_under_its_own_fingerprint(lab: Laboratory) -> None:
    assert trusted_roots() == ()
    with pytest.raises(errors.RootNotConfirmed) as unconfirmed:
        add_root(lab.root_pem, "state", "")
    assert unconfirmed.value.exit_code == ExitCode.NOT_ALLOWED
    with pytest.raises(errors.WrongFingerprint):
        add_root(lab.root_pem, "state", "00" * 32)
    assert trusted_roots() == ()
    published = bytes.fromhex(_fingerprint(lab)).hex(":").upper()
    add_root(lab.root_pem, "state", published)
    (root,) = trusted_roots()
    assert (root.list_name, root.anchor.fingerprint) == ("state", published)
    with pytest.raises(errors.UnknownRoot):
        remove_root(published[:5])
    remove_root(published[:14])
    assert trusted_roots() == ()


def test_who_may_not_issue_certificates_vouches_for_nobody(lab: Laboratory, tmp_path: Path) -> None:
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(lab.signer.certificate.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(NoIssuer) as refused:
        add_root(leaf, "state", lab.signer.certificate.fingerprint(hashes.SHA256()).hex())
    assert refused.value.exit_code == ExitCode.INPUT
    assert trusted_roots() == ()
    forged = tmp_path / "forged.pdf"
    forged.write_bytes(lab.sign(text_paper(), lab.holder("Kẻ mạo danh", issuer=lab.signer)))
    assert verify_file(forged, [leaf]).verdict == "indeterminate"


def test_names_of_strangers_write_nothing_of_their_own(lab: Laboratory) -> None:
    forged = lab.stranger("Ai\nHỢP LỆ  that.pdf\x1b[2J\u202e")
    assert display_name(forged.asn1) == "Ai\ufffdHỢP LỆ  that.pdf\ufffd[2J\ufffd"


def test_the_number_in_a_person_s_certificate_is_not_shown(lab: Laboratory) -> None:
    person = lab.stranger("Lò Thị Hạnh, CCCD 001087000084")
    assert display_name(person.asn1) == "Lò Thị Hạnh, CCCD 001*******84"


def test_the_issuing_authority_among_the_roots_is_no_root(lab: Laboratory, tmp_path: Path) -> None:
    issuing = tmp_path / "issuing.pem"
    issuing.write_bytes(lab.issuing.certificate.public_bytes(serialization.Encoding.PEM))
    means = means_of((), ServiceRules(), [lab.root_pem, issuing], ())
    assert [one.sha256 for one in means.anchors] == [lab.root.asn1.sha256]
    assert [one.sha256 for one in means.chain] == [lab.issuing.asn1.sha256]


def test_a_file_of_several_certificates_is_no_root(lab: Laboratory, tmp_path: Path) -> None:
    with laboratory(tmp_path) as other:
        both = tmp_path / "both.pem"
        both.write_bytes(lab.root_pem.read_bytes() + other.root_pem.read_bytes())
    with pytest.raises(errors.NotOneRoot):
        add_root(both, "public", _fingerprint(lab))


def test_verify_goes_by_the_roots_added_and_names_their_list(
    lab: Laboratory, tmp_path: Path
) -> None:
    file, report = tmp_path / "signed.pdf", tmp_path / "report.xml"
    file.write_bytes(lab.sign(text_paper(), stamped=True))
    office = load_office()
    (before,) = check_files([file], reliance(office, [], []))
    assert before["verdict"] == "indeterminate"
    add_root(lab.root_pem, "state", _fingerprint(lab))
    relied = demanding(reliance(office, [], []), None, offline=False, years=20)
    (after,) = check_files([file], relied, report=report)
    assert after["verdict"] == "valid"
    assert [one["trusted_by"] for one in after["signatures"]] == ["state"]
    assert after["in_years"]["holds"] is False
    tree = ElementTree.parse(report)  # noqa: S314  our own
    indications = [one.text for one in tree.iter(f"{VR}MainIndication")]
    assert indications == ["urn:etsi:019102:mainindication:total-passed"]


def test_a_policy_file_must_name_every_demand(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('name = "mine"\nrevocation = "never"\n')
    with pytest.raises(errors.BadPolicyFile):
        load_policy(file)
