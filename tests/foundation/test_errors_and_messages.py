"""Every error can be made, said in both languages and sent to another process."""

import importlib
import pickle
import pkgutil
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitize.scanner_errors import FeederEmpty, ScanInterrupted
from dossier.making import SheetsKept
from foundation.errors import ExitCode, SohoaError
from foundation.messages import choose_language, set_language
from foundation.privacy import mask_number, mask_text
from foundation.times import VIETNAM, iso_utc, utc_now, vietnam_time

ROOMS = ("foundation", "profiles", "digitize", "ocr", "signing", "warehouse", "dossier", "terminal")


def _every_error() -> list[type[SohoaError]]:
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if "migrations" not in module.name and module.name != "digitize.scanner_worker":
                importlib.import_module(module.name)

    def below(kind: type[SohoaError]) -> Iterator[type[SohoaError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    found = {kind for kind in below(SohoaError) if kind.__module__.partition(".")[0] in ROOMS}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


def _made(kind: type[SohoaError]) -> SohoaError:
    """The error, with something for every fact its message names."""
    if kind is SheetsKept:
        return SheetsKept(fault=FeederEmpty(device="x"), folder=Path("x"))
    facts: dict[str, object] = dict.fromkeys(_names(kind.message), 7)
    if issubclass(kind, ScanInterrupted):
        facts["page"] = 7
    return kind(**facts)


def _names(message: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(message) if name}


def test_there_are_errors_in_every_room_and_each_cause_has_its_own_word() -> None:
    kinds = _every_error()
    assert len(kinds) > 100
    assert {kind.__module__.partition(".")[0] for kind in kinds} >= set(ROOMS) - {"foundation"}


@pytest.mark.parametrize("kind", _every_error(), ids=lambda kind: kind.__name__)
def test_an_error_is_said_in_both_languages_and_survives_the_way_home(
    kind: type[SohoaError],
) -> None:
    error = _made(kind)
    said = {}
    for language in ("vi", "en"):
        set_language(language)
        said[language] = str(error)
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301  our own
        assert (type(copy), str(copy), copy.exit_code) == (kind, said[language], error.exit_code)
    assert said["vi"] != said["en"]
    for name in _names(kind.message):
        assert f"{{{name}}}" not in said["vi"] + said["en"]
    assert "\n" not in said["vi"] + said["en"]
    assert error.exit_code in set(ExitCode) - {ExitCode.DONE}
    assert error.as_dict()["error"] == error.message_id
    assert error.message_id.replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("argv", "environ", "language"),
    [
        ([], {}, "vi"),
        ([], {"LANG": "C.UTF-8"}, "vi"),
        ([], {"LANG": "en_US.UTF-8"}, "en"),
        ([], {"LANG": "en_US.UTF-8", "LC_MESSAGES": "vi_VN"}, "vi"),
        ([], {"LANG": "vi_VN", "LC_ALL": "en_GB"}, "en"),
        ([], {"SOHOA_LANG": "vi", "LC_ALL": "en_GB"}, "vi"),
        (["find", "--lang", "en"], {"SOHOA_LANG": "vi"}, "en"),
        (["find", "--lang=en"], {"SOHOA_LANG": "vi"}, "en"),
        (["find", "--lang", "fr"], {"SOHOA_LANG": "en"}, "en"),
        (["--lang"], {}, "vi"),
    ],
)
def test_the_language_is_the_option_s_then_the_environment_s_then_vietnamese(
    argv: list[str], environ: dict[str, str], language: str
) -> None:
    assert choose_language(argv, environ) == language


@given(st.from_regex(r"[0-9]{9,12}", fullmatch=True), st.text("abc .,:/_-", max_size=8))
def test_a_personal_number_is_masked_wherever_it_stands(number: str, around: str) -> None:
    masked = mask_text(f"{around}{number}{around}")
    assert number not in masked
    assert mask_number(number) in masked
    assert len(mask_number(number)) == len(number)


@given(st.text(max_size=8))
def test_short_numbers_are_hidden_whole(text: str) -> None:
    masked = mask_number(text)
    assert len(masked) == len(text)
    assert len(text) > 5 or set(masked) <= {"*"}


def test_times_are_stored_in_utc_and_shown_in_vietnam() -> None:
    now = utc_now()
    assert iso_utc(vietnam_time(now)) == iso_utc(now)
    assert iso_utc(now).endswith("Z")
    assert vietnam_time(now).utcoffset() == VIETNAM.utcoffset(None)
