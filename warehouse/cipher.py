"""Encryption of blobs: AES-256-GCM in chunks, so that files need not fit into memory.

The online authenticated encryption of Hoang, Reyhanitabar, Rogaway and Vizár (CRYPTO 2015,
"STREAM"), as Tink and age use it: a key for each file by HKDF-SHA256 (RFC 5869) from the
record's key, a random salt and the file's name; in each chunk's nonce its number and whether
it is the last. So no chunk can be altered, dropped, repeated, moved, or cut off, and no file
be taken for another.
"""

import os
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: Bytes of a key.
KEY_SIZE = 32
_MAGIC = b"SOHOA-1\n"
_SALT = 16
_CHUNK = 1 << 20
_TAG = 16


class Unauthentic(Exception):
    """The bytes are not what was encrypted under this key and name."""


def encrypt(key: bytes, name: str, plain: Iterator[bytes]) -> Iterator[bytes]:
    """The encrypted form of ``plain``, chunk by chunk.

    Args:
        name: what the bytes are (record and path); they decrypt under no other name.
    """
    salt = os.urandom(_SALT)
    aead = _aead(key, name, salt)
    yield _MAGIC + salt
    for number, (chunk, last) in enumerate(_rechunked(plain, _CHUNK)):
        yield aead.encrypt(_nonce(number, last=last), chunk, None)


def decrypt(key: bytes, name: str, sealed: Iterator[bytes]) -> Iterator[bytes]:
    """The plain form; each chunk is authentic, and the last says that all were there.

    Raises:
        Unauthentic: altered, cut off, or of another key or name.
    """
    head, aead = b"", None
    head_size = len(_MAGIC) + _SALT

    def body() -> Iterator[bytes]:
        nonlocal head
        for piece in sealed:
            if len(head) < head_size:
                head += piece
                if len(head) < head_size:
                    continue
                piece, head = head[head_size:], head[:head_size]  # noqa: PLW2901
            yield piece

    for number, (chunk, last) in enumerate(_rechunked(body(), _CHUNK + _TAG)):
        if aead is None:
            if len(head) < head_size or not head.startswith(_MAGIC):
                raise Unauthentic
            aead = _aead(key, name, head[len(_MAGIC) :])
        try:
            yield aead.decrypt(_nonce(number, last=last), chunk, None)
        except InvalidTag as error:
            raise Unauthentic from error


def encrypt_bytes(key: bytes, name: str, plain: bytes) -> bytes:
    """As :func:`encrypt`, for what fits into memory."""
    return b"".join(encrypt(key, name, iter([plain])))


def decrypt_bytes(key: bytes, name: str, sealed: bytes) -> bytes:
    """As :func:`decrypt`, for what fits into memory."""
    return b"".join(decrypt(key, name, iter([sealed])))


def _aead(key: bytes, name: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_SIZE, salt, name.encode()).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])


def _rechunked(pieces: Iterator[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in chunks of ``size``, each with whether it is the last; at least one."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) > size:
            yield bytes(held[:size]), False
            del held[:size]
    yield bytes(held), True
