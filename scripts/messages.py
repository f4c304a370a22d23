"""Compile the catalogue, and say what is missing from it.

``python scripts/messages.py`` merges ``translations/vi/*.po`` (one file a room)
into the one catalogue the program reads. ``--check`` changes nothing and fails
when a message in the code has no Vietnamese, when a translation is left over or
said twice, when placeholders differ, or when the compiled catalogue is stale.
"""

import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("foundation", "profiles", "digitize", "ocr", "signing", "warehouse", "dossier", "terminal")
#: How messages stand in the rooms' files: in code, and in the pages' templates.
_METHODS = [("**.py", "python"), ("**.html", "jinja2")]
#: In the catalogue's header instead of today, so that the same messages give the same bytes.
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
COMPILED = ROOT / "translations" / "vi" / "LC_MESSAGES" / "sohoa.mo"


def messages_in_code() -> set[str]:
    """Every msgid marked with ``_`` or ``N_`` in the rooms and the command."""
    found = {
        message
        for room in ROOMS
        for _file, _line, message, *_rest in extract_from_dir(
            ROOT / room, method_map=_METHODS, keywords={"_": None, "N_": None}
        )
    }
    found |= {
        message
        for _line, message, *_rest in extract_from_file(
            "python", ROOT / "cli.py", keywords={"_": None, "N_": None}
        )
    }
    return {message for message in found if isinstance(message, str) and message}


def merged() -> tuple[Catalog, list[str]]:
    """One catalogue out of the rooms' files, and what is wrong with them."""
    whole, faults = (
        Catalog(locale="vi", fuzzy=False, creation_date=_NO_DATE, revision_date=_NO_DATE),
        [],
    )
    for path in sorted((ROOT / "translations" / "vi").glob("*.po")):
        for message in read_po(path.open("rb"), locale="vi", abort_invalid=True):
            if not message.id:
                continue
            if message.id in whole and whole[message.id].string != message.string:
                faults.append(f"{path.name}: said otherwise elsewhere: {message.id!r}")
            if _placeholders(message.id) != _placeholders(message.string):
                faults.append(f"{path.name}: placeholders differ: {message.id!r}")
            whole.add(message.id, message.string)
    return whole, faults


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue in GNU MO form."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


def main() -> int:
    """Compile, or only check; 1 when something is wrong."""
    catalogue, faults = merged()
    data = compiled(catalogue)
    if "--check" not in sys.argv:
        COMPILED.parent.mkdir(parents=True, exist_ok=True)
        COMPILED.write_bytes(data)
    used, known = messages_in_code(), {m.id for m in catalogue if m.id and m.string}
    faults += [f"no Vietnamese: {m!r}" for m in sorted(used - known)]
    faults += [f"left over: {m!r}" for m in sorted(known - used)]
    if COMPILED.read_bytes() != data:
        faults.append("the compiled catalogue is stale: run scripts/messages.py")
    print("\n".join(faults) or f"{len(known)} messages, all in Vietnamese")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
