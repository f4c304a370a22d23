"""Merkle trees as in Certificate Transparency (RFC 6962, 2.1): SHA-256, hexadecimal.

One signature over a root vouches for every leaf; a leaf with the few hashes beside its way
up is proven alone, without the other leaves.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

#: Subtrees that are whole, the largest first: their height and their root.
Peaks = tuple[tuple[int, str], ...]


def leaf_hash(entry: str) -> str:
    """The hash of a leaf, which no inner node can have."""
    return sha256(b"\0" + entry.encode()).hexdigest()


def _joined(left: str, right: str) -> str:
    return sha256(b"\1" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()


def grown(peaks: Peaks, leaf: str) -> Peaks:
    """The peaks after one more leaf: a tree grows in a few hashes, whatever its size."""
    height, node, rest = 0, leaf, list(peaks)
    while rest and rest[-1][0] == height:
        node, height = _joined(rest.pop()[1], node), height + 1
    return (*rest, (height, node))


def root_of(peaks: Peaks) -> str:
    """The root of the tree that has these peaks; the hash of nothing where there are none."""
    if not peaks:
        return sha256(b"").hexdigest()
    *rest, (_height, root) = peaks
    for _higher, peak in reversed(rest):
        root = _joined(peak, root)
    return root


def peaks_of(leaves: Iterable[str]) -> Peaks:
    """The peaks of a tree over these leaves."""
    peaks: Peaks = ()
    for leaf in leaves:
        peaks = grown(peaks, leaf)
    return peaks


def path_to(index: int, leaves: Sequence[str]) -> list[str]:
    """The hashes beside the way from a leaf up to the root (RFC 6962, 2.1.1)."""
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*path_to(index, leaves[:half]), root_of(peaks_of(leaves[half:]))]
    return [*path_to(index - half, leaves[half:]), root_of(peaks_of(leaves[:half]))]


def root_by(index: int, count: int, leaf: str, path: Sequence[str]) -> str:
    """The root to which a leaf and the hashes beside its way lead in a tree of ``count`` leaves.

    Raises:
        ValueError: no such leaf, or a path of another length than it has.
    """
    if not 0 <= index < count:
        raise ValueError("no such leaf")
    if count == 1:
        if path:
            raise ValueError("the path is too long")
        return leaf
    if not path:
        raise ValueError("the path is too short")
    half = 1 << (count - 1).bit_length() - 1
    *lower, beside = path
    if index < half:
        return _joined(root_by(index, half, leaf, lower), beside)
    return _joined(beside, root_by(index - half, count - half, leaf, lower))
