"""The office's key in a token: an RSA pair whose private half never leaves it (PKCS#11).

RSA-OAEP with SHA-1 and MGF1-SHA1 (RFC 8017): the one form that SoftHSM2 and the tokens in
use all speak; what OAEP asks of its hash SHA-1 still gives. Wrapping needs no token.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA1


@dataclass(frozen=True)
class TokenKey:
    """An office key for :func:`warehouse.open_warehouse`; made by :func:`token_key`."""

    id: str
    _public: RSAPublicKey = field(repr=False)
    _private: Any = field(repr=False)

    def wrap(self, key: bytes) -> bytes:
        """Wrap a record's key."""
        return self._public.encrypt(key, OAEP(MGF1(SHA1()), SHA1(), None))  # noqa: S303

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap one, in the token. Raises ValueError where it was altered."""
        from pkcs11 import MGF, Mechanism, PKCS11Error

        how = (Mechanism.SHA_1, MGF.SHA1, None)
        try:
            return bytes(
                self._private.decrypt(
                    wrapped, mechanism=Mechanism.RSA_PKCS_OAEP, mechanism_param=how
                )
            )
        except PKCS11Error as error:
            raise ValueError from error


def token_key(session: Any, key_id: bytes) -> TokenKey:
    """The RSA pair with this CKA_ID.

    Args:
        session: an open PKCS#11 session (python-pkcs11), logged in; it must stay open.
    """
    from pkcs11 import Attribute, ObjectClass

    public = session.get_key(object_class=ObjectClass.PUBLIC_KEY, id=key_id)
    private = session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=key_id)
    modulus = bytes(public[Attribute.MODULUS])
    exponent = int.from_bytes(public[Attribute.PUBLIC_EXPONENT], "big")
    numbers = RSAPublicNumbers(exponent, int.from_bytes(modulus, "big"))
    return TokenKey(hashlib.sha256(modulus).hexdigest()[:16], numbers.public_key(), private)
