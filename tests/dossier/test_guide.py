"""Going back and stopping are possible at every question, and lose nothing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from digitize.scanner import NoScannerFound
from dossier.conversation import Guide, Move
from dossier.desk import Desk
from dossier.guide import Named, _owner_by_card, guide
from dossier.values import DossierUnreadable, Hold, dossiers_folder, load, unfinished
from signing.errors import TimestampUnavailable
from signing.pins import Pin
from warehouse.receipts import check

OWNER = "001087000084"
TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"


class Clerk:
    """Answers by what is asked; moves where the test wants it to."""

    def __init__(self, paper: Path, *, move: Move | None = None, at: Callable[[int], bool]) -> None:
        self.answers = {
            "Which procedure?": 0,
            "Whose dossier is it?": 1,
            "Identification number": OWNER,
            "Full name": "Trần Văn Hải",
            "Ask: “May your papers": 0,
            "Lay “Quyết định": str(paper),
            "Now sign": None,
            "A dossier was left unfinished": 0,
            "“Quyết định hành chính” is scanned already": 0,
        }
        self.move, self.at = move, at
        self.asked: list[str] = []
        self.told: list[str] = []

    def _answer(self, question: str) -> object:
        known = next(start for start in self.answers if question.startswith(start))
        place = len(self.asked)
        self.asked.append(known)
        if self.move and self.at(place):
            return self.move
        return self.answers[known]

    def tell(self, text: str) -> None:
        self.told.append(text)

    def choose(self, question: str, options: Sequence[str]) -> int | Move:
        chosen = self._answer(question)
        assert isinstance(chosen, Move) or chosen in range(len(options))
        return chosen  # type: ignore[return-value]

    def ask(self, question: str, read: Callable[[str], str | None], wrong: str) -> str | Move:
        given = self._answer(question)
        return given if isinstance(given, Move) else read(str(given)) or ""

    def wait(self, question: str, *, hidden: bool = False) -> Move | None:
        return self._answer(question)  # type: ignore[return-value]


def _no_scanner() -> object:
    raise NoScannerFound()


def sit_down(desk: Desk, clerk: Clerk) -> object:
    return guide(Guide(desk, clerk, _no_scanner))  # type: ignore[arg-type]


STRAIGHT = [
    "Which procedure?",
    "Whose dossier is it?",
    "Identification number",
    "Full name",
    "Ask: “May your papers",
    "Lay “Quyết định",
    "Now sign",
]


def test_an_organisation_answers_through_who_speaks_for_it(desk: Desk, decision: Path) -> None:
    clerk = Clerk(decision, at=lambda _place: False)
    clerk.answers |= {
        "Identification number": "0101234567",
        "Name of who speaks for it": "Lê Văn Cường",
        "Which paper shows it?": "Giấy chứng nhận đăng ký doanh nghiệp 0101234567",
    }
    done = sit_down(desk, clerk)
    with desk.store() as store:
        (consent,) = store.consents.of("0101234567")
        said = check(consent.receipt, {}).said["given_by"]
    assert (said["role"], said["name"]) == ("delegate", "Lê Văn Cường")
    assert done.dossier.at("deposited")  # type: ignore[attr-defined]


def test_a_secret_paper_is_told_so_and_asked_for_again(
    desk: Desk, decision: Path, tmp_path: Path
) -> None:
    marked = tmp_path / "marked.png"
    with Image.open(decision) as page:
        pen = ImageDraw.Draw(page)
        pen.text((300, 250), "TUYỆT MẬT", (20, 20, 20), ImageFont.truetype(TINOS, 60), anchor="mm")
        page.save(marked, dpi=(300, 300))

    class Twice(Clerk):
        """Lays in the marked paper, then another."""

        def _answer(self, question: str) -> object:
            answer = super()._answer(question)
            lays = self.asked.count("Lay “Quyết định")
            return str(marked) if answer == str(decision) and lays == 1 else answer

    clerk = Twice(decision, at=lambda _place: False)
    done = sit_down(desk, clerk)
    assert any("state secrecy" in line for line in clerk.told)
    assert clerk.asked.count("Lay “Quyết định") == 2
    assert done.dossier.at("deposited")  # type: ignore[attr-defined]


@pytest.mark.parametrize("stop", range(len(STRAIGHT)))
def test_stopping_at_any_question_loses_nothing_and_the_next_start_goes_on(
    desk: Desk, decision: Path, stop: int
) -> None:
    first = Clerk(decision, move=Move.QUIT, at=lambda place: place == stop)
    done = sit_down(desk, first)
    assert first.asked == STRAIGHT[: stop + 1]
    assert done.receipt is None  # type: ignore[attr-defined]
    opened = list(dossiers_folder().iterdir())
    assert len(opened) == (stop > 4)  # a dossier is opened once the owner has answered

    second = Clerk(decision, at=lambda _place: False)
    finished = sit_down(desk, second)
    assert finished.receipt.is_file()  # type: ignore[attr-defined]
    again = ["A dossier was left unfinished", *STRAIGHT[stop:]] if stop > 4 else STRAIGHT
    assert second.asked == again
    assert len(list(dossiers_folder().iterdir())) == 1
    assert [part.stage for part in finished.dossier.parts] == ["deposited"]  # type: ignore[attr-defined]
    assert not list((desk.store_folder.parent / "work").iterdir())


def test_going_back_at_every_question_once_comes_to_the_same_end(
    desk: Desk, decision: Path
) -> None:
    seen: set[str] = {"Which procedure?"}
    clerk = Clerk(decision, move=Move.BACK, at=lambda place: _first_time(clerk.asked[place], seen))
    done = sit_down(desk, clerk)
    assert done.receipt.is_file()  # type: ignore[attr-defined]
    assert set(STRAIGHT) < set(clerk.asked)
    assert "“Quyết định hành chính” is scanned already" in clerk.asked
    kept = [load(path.name) for path in dossiers_folder().iterdir()]
    assert [dossier.finished for dossier in kept] == [True]  # no second one was opened


def _first_time(question: str, seen: set[str]) -> bool:
    new = question not in seen
    seen.add(question)
    return new


def test_back_at_the_first_question_is_a_stop(desk: Desk, decision: Path) -> None:
    clerk = Clerk(decision, move=Move.BACK, at=lambda _place: True)
    assert sit_down(desk, clerk).receipt is None  # type: ignore[attr-defined]
    assert clerk.asked == ["Which procedure?"]


def test_another_owner_leaves_the_first_one_s_papers_for_later(desk: Desk, decision: Path) -> None:
    clerk = Clerk(decision, move=Move.BACK, at=lambda _place: False)
    back_from_signing = {"Now sign", "“Quyết định hành chính” is scanned already"}

    def at(place: int) -> bool:
        question = clerk.asked[place]
        if question == "Ask: “May your papers" and "Now sign" in clerk.asked:
            clerk.answers["Identification number"] = "001187000085"
            return clerk.asked.count(question) == 2
        return question in back_from_signing and clerk.asked.count(question) == 1

    clerk.at = at
    done = sit_down(desk, clerk)
    assert done.owner.identifier == "001187000085"  # type: ignore[attr-defined]
    (left,) = unfinished()
    assert not isinstance(left, DossierUnreadable)
    assert (left.owner.identifier, left.parts[0].stage) == (OWNER, "made")


def test_a_dossier_in_other_hands_or_unreadable_is_not_offered(desk: Desk, decision: Path) -> None:
    for stop in (5, 5):
        clerk = Clerk(decision, move=Move.QUIT, at=lambda place, stop=stop: place == stop)
        clerk.answers["A dossier was left unfinished"] = 1
        sit_down(desk, clerk)
        desk = replace(desk)
    (first,) = unfinished()
    assert not isinstance(first, DossierUnreadable)
    elsewhere, here = Hold(), Hold()
    assert elsewhere.take(first)
    assert not here.take(first)
    clerk = Clerk(decision, at=lambda _place: False)
    assert sit_down(desk, clerk).receipt  # type: ignore[attr-defined]
    assert "A dossier was left unfinished" not in clerk.asked
    elsewhere.release()
    (first.folder / "dossier.json").write_text("{")
    clerk = Clerk(decision, move=Move.QUIT, at=lambda _place: True)
    sit_down(desk, clerk)
    assert clerk.asked == ["Which procedure?"]
    assert any(first.id in told for told in clerk.told)


def test_a_service_that_is_down_while_the_receipt_is_signed_may_come_back(
    desk: Desk, decision: Path
) -> None:
    failing = replace(
        desk,
        level="b-t",
        office=desk.office.model_copy(update={"timestamp_urls": ("http://127.0.0.1:9/",)}),
    )
    clerk = Clerk(decision, move=Move.QUIT, at=lambda place: clerk.asked.count("Now sign") == 2)
    done = sit_down(failing, clerk)
    assert any("No timestamp" in told for told in clerk.told)
    (part,) = done.dossier.parts  # type: ignore[attr-defined]
    assert part.stage == "made"
    finished = sit_down(desk, Clerk(decision, at=lambda _place: False))
    assert finished.receipt.is_file()  # type: ignore[attr-defined]


def test_pins_are_forgotten_at_the_first_error(desk: Desk, decision: Path) -> None:
    forgotten: list[bool] = []
    failing = replace(
        desk,
        level="b-t",
        forget_pins=lambda: forgotten.append(True),
        office=desk.office.model_copy(update={"timestamp_urls": ("http://127.0.0.1:9/",)}),
    )
    clerk = Clerk(decision, move=Move.QUIT, at=lambda place: clerk.asked.count("Now sign") == 2)
    sit_down(failing, clerk)
    assert forgotten == [True]
    with pytest.raises(TimestampUnavailable), failing.one_try():
        raise TimestampUnavailable(url="x", detail="y")
    assert len(forgotten) == 2


def test_remembered_pins_are_asked_for_once_and_wiped() -> None:
    from dossier.counter import RememberedPins

    class Source:
        asked = 0

        def pin_for(self, token: object) -> Pin:
            self.asked += 1
            return Pin("1234")

    class Token:
        serial = "0001"

    source = Source()
    pins = RememberedPins(source)
    given = pins.pin_for(Token())  # type: ignore[arg-type]
    given.forget()  # what the session does with its copy
    assert pins.pin_for(Token()).reveal() == "1234"  # type: ignore[arg-type]
    assert source.asked == 1
    kept = pins._pins["0001"]
    pins.forget()
    assert not kept
    assert "1234" not in repr(pins)
    pins.pin_for(Token())  # type: ignore[arg-type]
    assert source.asked == 2


def test_the_state_on_disk_is_private_json(desk: Desk, decision: Path) -> None:
    done = sit_down(desk, Clerk(decision, at=lambda _place: False))
    state = done.dossier.folder / "dossier.json"  # type: ignore[attr-defined]
    assert state.stat().st_mode & 0o077 == 0
    assert json.loads(state.read_text())["finished"] is True


def card_without_code(path: Path) -> Path:
    """The front of an identity card, its QR code worn off."""
    picture = Image.new("L", (1200, 760), 235)
    front = (
        (40, "CĂN CƯỚC CÔNG DÂN"),
        (38, f"Số / No.: {OWNER}"),
        (26, "Họ và tên / Full name:"),
        (38, "TRẦN VĂN HẢI"),
        (28, "Ngày sinh / Date of birth: 12/05/1987"),
        (28, "Giới tính / Sex: Nam"),
    )
    for row, (size, text) in enumerate(front):
        font = ImageFont.truetype(TINOS, size)
        ImageDraw.Draw(picture).text((120, 100 + 90 * row), text, 20, font)
    picture.save(path, dpi=(300, 300))
    return path


@pytest.mark.parametrize(("answer", "named"), [(2, True), (1, False)])
def test_a_card_whose_code_is_worn_names_its_owner_once_its_print_is_compared(
    desk: Desk, tmp_path: Path, answer: int, named: bool
) -> None:
    clerk = Clerk(tmp_path, at=lambda place: False)
    clerk.answers |= {
        "Lay “Căn cước": str(card_without_code(tmp_path / "card.png")),
        "What now?": answer,
        "Identification number": "001190000021",
    }
    here = Guide(desk, clerk, _no_scanner, card_folder=tmp_path / "cards")  # type: ignore[arg-type]
    found = _owner_by_card(here)
    assert isinstance(found, Named)
    assert (found.owner.identifier == OWNER) is named
    assert any(OWNER in line and "TRẦN VĂN HẢI" in line for line in clerk.told)
