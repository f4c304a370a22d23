"""Signed checkpoints: nobody can rewrite the audit, cut its end off, or add to it unsigned.

The entries are taken in runs of up to :data:`RUN`. A checkpoint is a signed receipt that
states for one run its Merkle root (so that a single entry can be proven alone), the chain's
hash at its end (which stands for all entries before), and the digest of the checkpoint
before. The last one grows with every entry, in the same transaction, so no committed entry
is ever without a signature. RFC 3161 timestamps over checkpoints show when they were there.

What a signature cannot show is that the whole warehouse was put back to an earlier day: for
that, keep a checkpoint or a receipt elsewhere (``sohoa audit verify --witness``).
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection, Row, func, select

from foundation.times import iso_utc, utc_now
from warehouse.consent_schema import checkpoints
from warehouse.ledger import put
from warehouse.merkle import Peaks, grown, leaf_hash, peaks_of, root_of
from warehouse.receipts import ReceiptInvalid, Signer, check, issue
from warehouse.schema import audit, audit_head
from warehouse.values import Fault

#: Entries a checkpoint covers at most. A proof needs 6 hashes then, and 2 % of the audit's rows
#: are checkpoints.
RUN = 64
KIND = "audit-checkpoint"
Keys = Mapping[str, ec.EllipticCurvePublicKey]
#: Gives an RFC 3161 token (DER) over a SHA-256 digest.
Stamper = Callable[[bytes], bytes]
#: Judges a token over a digest: its time, ISO 8601; empty where it does not hold.
StampCheck = Callable[[bytes, bytes], str]
_LATEST = select(checkpoints).order_by(checkpoints.c.number.desc()).limit(1)


def signer_of(tx: Connection) -> Signer:
    """Who signs what this transaction writes."""
    signer = tx.get_execution_options().get("sohoa_signer")
    if not isinstance(signer, Signer):
        raise TypeError("a transaction that writes needs a signer")
    return signer


def extend(tx: Connection, seq: int, chain: str, entry: str) -> None:
    """Cover one more entry, the ``seq``-th, after which the chain's hash is ``chain``."""
    last = _latest(tx)
    if last is not None and last.peaks:  # it is still growing
        peaks = grown(_read(last.peaks), leaf_hash(entry))
        put(
            tx,
            checkpoints,
            _stated(tx, last.number, last.first, last.previous, (seq, chain, peaks)),
        )
    elif last is not None:
        peaks = grown((), leaf_hash(entry))
        previous = digest_of(last.statement)
        put(
            tx,
            checkpoints,
            _stated(tx, last.number + 1, last.last + 1, previous, (seq, chain, peaks)),
        )
    else:
        begin(tx)


def begin(tx: Connection) -> None:
    """Make the first checkpoint, over all that the audit holds; for one that has entries."""
    seq, chain = tx.execute(select(audit_head.c.seq, audit_head.c.hash)).one()
    if seq and _latest(tx) is None:
        peaks = peaks_of(leaf_hash(row.entry) for row in _entries(tx))
        put(tx, checkpoints, _stated(tx, 1, 1, "", (seq, chain, peaks)))


def _stated(
    tx: Connection, number: int, first: int, previous: str, end: tuple[int, str, Peaks]
) -> dict[str, Any]:
    seq, chain, peaks = end
    said = {
        "number": number,
        "first": first,
        "last": seq,
        "root": root_of(peaks),
        "head": chain,
        "previous": previous,
        "at": iso_utc(utc_now()),
    }
    return {
        "number": number,
        "first": first,
        "last": seq,
        "previous": previous,
        "statement": issue(KIND, said, signer_of(tx)),
        "peaks": "" if seq - first + 1 >= RUN else _written(peaks),
        "timestamp": "",
    }


def close(tx: Connection) -> Row[Any] | None:
    """End the growing checkpoint, so that it can be timestamped; the last one there is."""
    last = _latest(tx)
    if last is not None and last.peaks:
        put(tx, checkpoints, {**last._mapping, "peaks": ""})
    return last


def put_stamp(tx: Connection, number: int, token: bytes) -> None:
    """Note the RFC 3161 token (DER) over a closed checkpoint; it dates all before it too."""
    point = tx.execute(select(checkpoints).where(checkpoints.c.number == number)).one()
    put(tx, checkpoints, {**point._mapping, "timestamp": base64.b64encode(token).decode()})


def token_of(text: str) -> bytes:
    """A timestamp token (DER) as it is stored; nothing where it is garbled."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def covering(tx: Connection, seq: int) -> Row[Any] | None:
    """The checkpoint that covers an entry."""
    query = select(checkpoints).where(checkpoints.c.last >= seq)
    return tx.execute(query.order_by(checkpoints.c.last).limit(1)).one_or_none()


def count(tx: Connection) -> int:
    """How many there are."""
    return int(tx.execute(select(func.count()).select_from(checkpoints)).scalar_one())


def verify(tx: Connection, keys: Keys) -> Iterator[Fault]:
    """Whether every entry is covered by a checkpoint, and says what was signed."""
    rows = _entries(tx)
    row = next(rows, None)
    number, covered, previous = 0, 0, ""
    for point in tx.execute(select(checkpoints).order_by(checkpoints.c.number)):
        peaks: Peaks = ()
        chain = ""
        while row is not None and row.seq <= point.last:
            peaks, chain = grown(peaks, leaf_hash(row.entry)), row.hash
            row = next(rows, None)
        if point.number != number + 1:
            yield Fault("checkpoint-missing", str(point.number))
        expected = {
            "number": point.number,
            "first": covered + 1,
            "last": point.last,
            "root": root_of(peaks),
            "head": chain,
            "previous": previous,
        }
        columns = (point.first, point.previous, point.peaks or _written(peaks))
        if columns != (covered + 1, previous, _written(peaks)):
            yield Fault("checkpoint-altered", str(point.number))
        yield from judge(point, expected, keys)
        number, covered, previous = point.number, point.last, digest_of(point.statement)
    if row is not None:
        yield Fault("audit-unsigned", str(row.seq))


def judge(point: Any, expected: Mapping[str, Any], keys: Keys) -> Iterator[Fault]:
    """The faults of one checkpoint that should say this."""
    try:
        receipt = check(point.statement, keys, KIND)
    except ReceiptInvalid:
        yield Fault("checkpoint-altered", str(point.number))
        return
    if not receipt.known:
        yield Fault("checkpoint-foreign", str(point.number))
    if {key: receipt.said.get(key) for key in expected} != dict(expected):
        yield Fault("checkpoint-differs", str(point.number))


def stamps(tx: Connection) -> Iterator[Row[Any]]:
    """The checkpoints that bear a timestamp."""
    query = select(checkpoints).where(checkpoints.c.timestamp != "")
    yield from tx.execute(query.order_by(checkpoints.c.number))


def digest_of(statement: str) -> str:
    """SHA-256 of a statement's text: what is timestamped, and how the next one names it."""
    return sha256(statement.encode()).hexdigest()


def _latest(tx: Connection) -> Row[Any] | None:
    return tx.execute(_LATEST).one_or_none()


def _entries(tx: Connection) -> Iterator[Row[Any]]:
    query = select(audit.c.seq, audit.c.entry, audit.c.hash).order_by(audit.c.seq)
    return iter(tx.execute(query, execution_options={"yield_per": 1000}))


def _written(peaks: Iterable[tuple[int, str]]) -> str:
    return " ".join(f"{height}:{node}" for height, node in peaks)


def _read(text: str) -> Peaks:
    pairs = (pair.partition(":") for pair in text.split())
    return tuple((int(height), node) for height, _colon, node in pairs)
