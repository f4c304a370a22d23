"""The office's key in a token (SoftHSM2): moved into it by a rotation, and needed ever after."""

import os
import subprocess
import sys

import pytest

_WALK = """
import sys
from pathlib import Path
import pkcs11
from warehouse import Actor, Owner, open_warehouse
from warehouse.errors import KeyMissing
from warehouse.grounds import Basis
from warehouse.token import token_key

folder, paper = map(Path, sys.argv[1:])
clerk = Actor("Bình", "clerk", "H99")

def put(kho, code):
    return kho.deposit(paper, owner=Owner(code), paper_type="k", type_code="K", title="K",
                       code=code, actor=clerk, basis=Basis("law", "ket-qua"))

token = pkcs11.lib("/usr/lib/softhsm/libsofthsm2.so").get_token(token_label="kho")
with token.open(rw=True, user_pin="1234") as session:
    session.generate_keypair(pkcs11.KeyType.RSA, 2048, id=b"\\x07", store=True)
    key = token_key(session, b"\\x07")
    with open_warehouse(folder) as kho:
        before = put(kho, "1")
    with open_warehouse(folder, token=key) as kho:
        print("moved", kho.rotate_key(clerk), len(list((folder / "keys").glob("*.key"))))
        after = put(kho, "2")
        print("read", all(kho.read(one) == paper.read_bytes() for one in (before, after)))
        print("sound", kho.check().ok)
    try:
        with open_warehouse(folder):
            pass
    except KeyMissing:
        print("needed")
"""


@pytest.mark.on_disk
def test_the_office_s_key_may_live_in_a_token(folder, pdf, tmp_path) -> None:
    (tmp_path / "tokens").mkdir()
    config = tmp_path / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    environ = os.environ | {"SOFTHSM2_CONF": str(config)}
    command = ["softhsm2-util", "--init-token", "--free", "--label", "kho"]
    subprocess.run(
        [*command, "--pin", "1234", "--so-pin", "1234"],
        env=environ, check=True, capture_output=True,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _WALK, str(folder), str(pdf("a"))],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    # Two keys: the record's and the journal's. Key files left: the pseudonyms' and the receipts'.
    assert done.stdout.splitlines() == ["moved 2 2", "read True", "sound True", "needed"], (
        done.stderr
    )
