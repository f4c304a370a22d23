"""The store over HTTP: the real application, real tokens of an issuer of the tests' own."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient

import profiles
from dossier.confined import Start, confined
from dossier.serving import Settings, build
from profiles import ServeRules, load_office
from warehouse import Warehouse

ISSUER, AUDIENCE = "https://login.example.vn", "sohoa"
HERE, THERE = "H99.01", "H99.02"
AN, BINH = "001087000084", "079203001234"
#: The shipped procedure, and one of the test's that asks for a birth certificate too.
PROCEDURE, OTHER_PROCEDURE = "1.004222", "9.000002"
OTHER = f"""\
schema_version = 1
name = "mot-giay"
title = "Thủ tục một giấy tờ"
title_en = "A procedure of one paper"
code = "{OTHER_PROCEDURE}"
valid_from = 2026-01-01
[[components]]
paper = "khai-sinh"
"""


class Issuer:
    """Signs tokens, and shows its public keys in a JWKS file."""

    def __init__(self, folder: Path) -> None:
        self.jwks = folder / "jwks.json"
        self.keys: dict[str, Any] = {}
        self.add("first")

    def add(self, key_id: str, key: Any = None) -> None:
        self.keys[key_id] = key or ec.generate_private_key(ec.SECP256R1())
        self.show()

    def remove(self, key_id: str) -> None:
        del self.keys[key_id]
        self.show()

    def show(self) -> None:
        shown = [public_jwk(key) | {"kid": name} for name, key in self.keys.items()]
        self.jwks.write_text(json.dumps({"keys": shown}))

    def token(self, key_id: str = "first", *, algorithm: str = "ES256", **claims: Any) -> str:
        said = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "u-1",
            "exp": time.time() + 600,
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, self.keys[key_id], algorithm, headers={"kid": key_id})

    def of(self, role: str, **claims: Any) -> dict[str, str]:
        """The headers of somebody who has signed in, in a role, with what the role needs."""
        known: dict[str, Any] = {
            "roles": [role],
            "name": f"Trần Thị {role}",
            "sub": f"u-{role}",
            "office": HERE if role in ("clerk", "postal-agent", "supervisor") else "Sở Tư pháp",
        }
        if role == "owner":
            known["owner"] = AN
        if role == "authority":
            known["procedures"] = [PROCEDURE]
        token = self.token(**(known | claims))
        return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


def public_jwk(key: Any) -> dict[str, Any]:
    """The public half of a key as a JWK."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        text = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())
    else:
        text = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())
    return {name: value for name, value in json.loads(text).items() if name != "key_ops"}


@dataclass
class World:
    """One store and its application."""

    kho: Warehouse
    client: TestClient
    issuer: Issuer
    papers: Path
    made: list[Path] = field(default_factory=list)

    def paper(self, text: str) -> Path:
        """A one-page PDF that says ``text``."""
        import pikepdf

        path = self.papers / f"{len(self.made):04d}.pdf"
        self.made.append(path)
        with pikepdf.new() as new:
            new.add_blank_page()
            new.Root.Said = pikepdf.Stream(new, text.encode())
            new.save(path, deterministic_id=True)
        return path

    def deposit(self, pdf: Path, who: dict[str, str], key: str = "", **said: Any) -> Any:
        """Deposit over HTTP."""
        paper = {"type": "khai-sinh", "owner": {"number": AN, "name": "Nguyễn Văn An"}} | said
        return self.client.post(
            "/v1/records",
            headers=who | ({"Idempotency-Key": key} if key else {}),
            data={"paper": json.dumps(paper)},
            files={"file": ("giay.pdf", pdf.read_bytes(), "application/pdf")},
        )

    def actions(self) -> list[tuple[str, str, str]]:
        """What the audit tells of everything: action, role, what was attempted."""
        from sqlalchemy import select

        from warehouse import audit, schema

        with self.kho._catalog.reading() as tx:
            rows = tx.execute(select(schema.audit.c.entry).order_by(schema.audit.c.seq)).scalars()
            events = [audit.event_of(entry) for entry in rows]
        return [(one.action, one.actor.role, one.details.get("attempt", "")) for one in events]


@pytest.fixture(scope="session")
def judging() -> Iterator[Start]:
    """The processes in which signatures are judged, as the server has them."""
    with confined(1, 120) as start:
        yield start


@contextmanager
def _world(kho: Warehouse, folder: Path, judging: Start, **rules: Any) -> Iterator[World]:
    folder.mkdir(exist_ok=True)
    issuer = Issuer(folder)
    asked = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": str(issuer.jwks)}
    chosen = Settings(load_office(), ServeRules(**(asked | {"requests_a_minute": 6000} | rules)))
    app = build(chosen, kho, judging)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield World(kho, client, issuer, folder)


@pytest.fixture(scope="session")
def _offices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Profiles of a second office and a second procedure, beside those shipped."""
    folder = tmp_path_factory.mktemp("profiles")
    for name in ("offices", "procedures"):
        (folder / name).mkdir()
    shipped = Path(profiles.__file__).parent / "offices" / "office.toml"
    other = shipped.read_text(encoding="utf-8")
    for old, new in (('name = "office"', 'name = "kia"'), (HERE, THERE), ("Hòa An", "Bình Minh")):
        other = other.replace(old, new)
    (folder / "offices" / "kia.toml").write_text(other, encoding="utf-8")
    (folder / "procedures" / "mot-giay.toml").write_text(OTHER, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _own_profiles(_offices: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOHOA_PROFILES", str(_offices))
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))


@pytest.fixture
def make_world(kho: Warehouse, tmp_path: Path, judging: Start) -> Iterator[Callable[..., World]]:
    """A world with rules of its own."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **rules: stack.enter_context(
            _world(kho, tmp_path / "issuer", judging, **rules)
        )


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture(scope="module")
def shared_world(
    tmp_path_factory: pytest.TempPathFactory, _offices: Path, judging: Start
) -> Iterator[World]:
    """One store, on the disk, for many questions that leave each other alone."""
    from warehouse import open_warehouse

    base = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOHOA_PROFILES", str(_offices))
        patch.setenv("SOHOA_HOME", str(base / "home"))
        with open_warehouse(base / "kho") as kho, _world(kho, base / "issuer", judging) as made:
            yield made
    shutil.rmtree(base)
