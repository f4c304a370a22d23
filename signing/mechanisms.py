"""Which operation of a token makes a signature, and what is done to the data before and after it.

Tokens differ: some hash and pad, some only pad, some do neither. The first operation of the
list that the token offers is taken, and the rest is done here (RFC 8017, 9.2; PKCS#11 2.40,
2.1 and 2.3).
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from asn1crypto import algos, core, keys
from pkcs11 import Mechanism
from pkcs11.util.ec import encode_ecdsa_signature

from signing.errors import NoMechanism

Step = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Operation:
    """``mechanism`` of the token over what ``prepare`` makes of the data; then ``finish``."""

    mechanism: Mechanism
    prepare: Step
    finish: Step


def operation_for(
    wanted: algos.SignedDigestAlgorithm, offered: Collection[int], key: keys.PublicKeyInfo
) -> Operation:
    """The operation for SHA-256 with RSA PKCS#1 v1.5 or ECDSA (signature in DER form).

    Args:
        wanted: the signature algorithm the container will name.
        offered: the mechanisms of the token's slot.
        key: of the certificate.

    Raises:
        NoMechanism: the token offers nothing that makes such a signature.
    """

    def pad(data: bytes) -> bytes:
        return _padded(_digest_info(data), key.byte_size)

    known = {
        "sha256_rsa": (
            Operation(Mechanism.SHA256_RSA_PKCS, _same, _same),
            Operation(Mechanism.RSA_PKCS, _digest_info, _same),
            Operation(Mechanism.RSA_X_509, pad, _same),
        ),
        "sha256_ecdsa": (
            Operation(Mechanism.ECDSA_SHA256, _same, encode_ecdsa_signature),
            Operation(Mechanism.ECDSA, _digest, encode_ecdsa_signature),
        ),
    }
    name = wanted["algorithm"].native
    for operation in known.get(name, ()):
        if operation.mechanism in offered:
            return operation
    raise NoMechanism(algorithm=name)


def _same(data: bytes) -> bytes:
    return data


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _digest_info(data: bytes) -> bytes:
    algorithm = {"algorithm": "sha256", "parameters": core.Null()}
    info = algos.DigestInfo({"digest_algorithm": algorithm, "digest": _digest(data)})
    encoded: bytes = info.dump()
    return encoded


def _padded(info: bytes, length: int) -> bytes:
    """EMSA-PKCS1-v1_5."""
    return b"\0\1" + b"\xff" * (length - len(info) - 3) + b"\0" + info
