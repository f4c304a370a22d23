"""The catalogue deleted and made anew from the objects gives the same answers."""

from datetime import date

import pytest

from warehouse import Owner, open_warehouse, rebuild_catalogue
from warehouse.errors import CatalogueMissing, PlainWarehouse

DAY = date(2026, 11, 20)
TEMPLATE = "{owner}.{type}.{serial:06d}"


@pytest.fixture
def lose_catalogue(folder, store):
    def lose() -> None:
        for path in folder.glob("catalogue.sqlite*"):
            path.unlink()
        if store.place.catalogue:
            names = [name for (name,) in store.rows("SELECT tablename FROM pg_tables "
                     "WHERE schemaname = current_schema()")]  # fmt: skip
            store.sql(*(f"DROP TABLE {name} CASCADE" for name in names))

    return lose


def answers(kho, owners, ids):
    return (
        [kho.find(owner, status="any") for owner in owners],
        [kho.versions(one) for one in ids],
        [kho.history(one) for one in ids],
        kho.account.verify(),
    )


def test_a_lost_catalogue_is_made_anew_with_the_same_answers(
    folder, put, pdf, clerk, owner, lose_catalogue, tmp_path
) -> None:
    spouse = "079199000012"
    with open_warehouse(folder) as kho:
        kept = put(pdf("a"), number="1", fields={"ho_ten": "An"}, valid_until=date(2030, 1, 1))
        put(pdf("b"), number="1", code="b", supersede=True, masters=[pdf("master")])
        shared = put(pdf("c"), co_owners=[Owner(spouse, "Lê Thị Bình")])
        revoked, erased = put(pdf("d")), put(pdf("e"))
        unknown = put(pdf("f"), owner=Owner(""), owner_unknown=True)
        kho.revoke(revoked.id, f"cấp sai cho {owner.identifier}", clerk)
        kho.erase(erased.id, "theo yêu cầu", clerk)
        kho.bind_owner(unknown.id, Owner(spouse), clerk, code="bound")
        kho.reuse(shared.id, procedure="1", reason="?", actor=clerk, out=tmp_path / "out.pdf")
        code = kho.new_code(TEMPLATE, owner.identifier, "KQ.1", "H99", DAY)
        ids = [one.id for one in (kept, shared, revoked, erased, unknown)]
        before = answers(kho, (owner.identifier, spouse), ids)
    lose_catalogue()
    with pytest.raises(CatalogueMissing), open_warehouse(folder):
        pass
    report = rebuild_catalogue(folder)
    assert (report.records, report.erased, report.faults) == (6, 1, ())
    with open_warehouse(folder) as kho:
        assert answers(kho, (owner.identifier, spouse), ids) == before
        assert kho.check().ok
        assert kho.new_code(TEMPLATE, owner.identifier, "KQ.1", "H99", DAY) > code
        assert kho.read(kho.get(kept.id)) == pdf("b").read_bytes()


def test_rebuilding_a_sound_catalogue_changes_nothing(folder, put, pdf, kho, owner) -> None:
    record = put(pdf("a"))
    rebuild_catalogue(folder)
    with open_warehouse(folder) as again:
        assert again.find(owner.identifier) == [record]
        assert again.check().ok


def test_what_cannot_be_put_back_is_named(folder, put, pdf, store, lose_catalogue) -> None:
    lost, whole = put(pdf("a")), put(pdf("b"))
    store.remove(*store.paths(store.of(lost)))
    store.write("journal/000000/001", b"?")
    lose_catalogue()
    report = rebuild_catalogue(folder)
    assert {(fault.cause, fault.where) for fault in report.faults} == {
        ("journal-damaged", "1"),  # told of the first deposit, so nobody knows of it any more
    }
    with open_warehouse(folder) as kho:
        assert kho.get(whole.id) == whole
        assert not kho.check().ok


@pytest.mark.on_disk
def test_a_store_of_a_trial_version_is_refused_with_what_to_do(folder, kho, store) -> None:
    store.sql("DROP TABLE inventories")
    with pytest.raises(PlainWarehouse, match="trial version"), open_warehouse(folder):
        pass
