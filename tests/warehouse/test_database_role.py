"""The rights sohoa needs in a database whose tables another role owns: docs/security.md."""

import secrets

import psycopg
import pytest

from foundation.times import today
from tests.warehouse.conftest import servers
from warehouse import open_warehouse
from warehouse.grounds import Basis

GRANTS = """\
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
REVOKE UPDATE, DELETE ON {schema}.audit FROM {role};
"""


@pytest.fixture
def as_counter(_services, tmp_path, monkeypatch):
    """A store whose tables the counters' role does not own: its folder, and that role's door."""
    service, own = _services(), f"t{secrets.token_hex(8)}"
    for name, value in (("ACCESS_KEY_ID", servers.ACCESS), ("SECRET_ACCESS_KEY", servers.SECRET)):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    service.sql(f"CREATE SCHEMA {own}")
    folder = tmp_path / "kho"
    folder.mkdir(mode=0o700)
    settings = folder / "warehouse.toml"
    settings.write_text(service.settings(own))
    settings.chmod(0o600)
    with open_warehouse(folder):
        pass
    role = f"quay_{own}"
    service.sql(f"CREATE ROLE {role} LOGIN")
    for statement in GRANTS.format(schema=own, role=role).splitlines():
        service.sql(statement)
    text = settings.read_text().replace("sohoa@", f"{role}@")
    settings.write_text(text)
    url = next(line for line in text.splitlines() if "postgresql" in line).split('"')[1]
    return folder, url.replace("+psycopg", "")


def test_a_role_that_owns_nothing_does_all_the_work_and_cannot_rewrite_the_audit(
    as_counter, pdf, clerk, owner
) -> None:
    folder, url = as_counter
    with open_warehouse(folder) as kho:
        record = kho.deposit(
            pdf("a"), owner=owner, paper_type="khai-sinh", type_code="KQ.1", title="Giấy khai sinh",
            code=kho.new_code("{owner}.{serial}", owner.identifier, "", "", today()),
            actor=clerk, basis=Basis("law", "ket-qua"),
        )  # fmt: skip
        kho.reuse(record.id, procedure="1.004222", reason="x", actor=clerk, out=None)
        kho.revoke(record.id, "nhầm", clerk)
        kho.erase(record.id, "theo yêu cầu", clerk)
        kho.recover()
        assert kho.check().ok
    for statement in (
        "UPDATE audit SET entry = ''",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DROP TRIGGER audit_no_delete ON audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "CREATE TABLE mine (x int)",
    ):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.Error) as caught:
            connection.execute(statement)
        assert caught.value.sqlstate == "42501", statement  # insufficient_privilege
