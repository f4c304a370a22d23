"""The process a token's driver runs in: questions in, answers out, one at a time.

Started by :mod:`signing.driver_process`. A driver may hang or crash here without harm to the
program that signs, and a PIN dies with this process. A question is a frame (see
:func:`read_frame`): a JSON object and, behind it, the PIN if the question needs one. An answer
is a frame with the result, or with ``fault``: the name of one of python-pkcs11's exceptions.
"""

import json
import os
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pkcs11
from pkcs11 import Attribute, ObjectClass, TokenFlag

from foundation.errors import SohoaError
from signing.cryptoki import USER, Calls, Refused, Secret
from signing.drivers import driver
from signing.pins import keep_out_of_dumps

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib
    from pkcs11.types import Object, Session, Slot, Token

#: Length of the JSON text, then of the PIN behind it, both big-endian.
HEADER = struct.Struct(">II")
#: Stands for the length of a PIN that is typed on the token's keypad.
ON_KEYPAD = 0xFFFFFFFF
#: Seconds between two looks at whether the parent still lives.
_LOOK = 1.0
_KEYS = (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY)


class Driver:
    """One module and, after :meth:`log_in`, one session and one key."""

    def __init__(self, library: "lib", calls: Calls) -> None:
        self._library, self._calls = library, calls
        # Any: python-pkcs11's types do not know of handles. Set by find, log_in and choose.
        self._slot: Any = None
        self._session: Any = None
        self._key: Any = None
        self._again: Secret | None = None

    def list(self, _question: dict[str, Any], _secret: Secret) -> dict[str, Any]:
        """Every token, with its public objects; a slot that fails does not hide the others."""
        tokens, faults = [], []
        for slot in self._library.get_slots(token_present=True):
            try:
                tokens.append(_shown(slot))
            except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
                continue  # pulled out since the slots were listed, or not a token
            except pkcs11.PKCS11Error as error:
                faults.append({"slot": slot.slot_id, "fault": type(error).__name__})
        return {"tokens": tokens, "faults": faults}

    def find(self, question: dict[str, Any], _secret: Secret) -> dict[str, Any]:
        """The token of a serial, its flags read now; ``token`` is null where there is none."""
        for slot in self._library.get_slots(token_present=True):
            with suppress(pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
                token = slot.get_token()
                if _serial(token) == question["serial"]:
                    self._slot = slot
                    return {"token": _described(slot, token)}
        return {"token": None}

    def log_in(self, _question: dict[str, Any], secret: Secret) -> dict[str, Any]:
        """Open a session and log in, once. The PIN is kept until the key is known, no longer."""
        self._session = self._slot.get_token().open()
        self._again = secret
        self._calls.log_in(self._session.handle, USER, secret)
        return {}

    def choose(self, question: dict[str, Any], _secret: Secret) -> dict[str, Any]:
        """The one key and certificate of an id; ``None`` where there is none or more than one."""
        wanted = bytes.fromhex(question["id"])
        keys = _of(self._session, ObjectClass.PRIVATE_KEY, wanted)
        certificates = _of(self._session, ObjectClass.CERTIFICATE, wanted)
        if len(keys) != 1 or len(certificates) != 1:
            return {"certificate": None}
        (self._key,) = keys
        each_time = bool(_attribute(self._key, Attribute.ALWAYS_AUTHENTICATE))
        if not each_time:
            self._forget()
        held = _of(self._session, ObjectClass.CERTIFICATE)
        return {
            "certificate": certificates[0][Attribute.VALUE].hex(),
            "others": [one[Attribute.VALUE].hex() for one in held],
            "key_type": int(self._key.key_type),
            "each_time": each_time,
            "mechanisms": [int(one) for one in self._session.token.slot.get_mechanisms()],
        }

    def sign(self, question: dict[str, Any], _secret: Secret) -> dict[str, Any]:
        """The signature value, after the PIN again where the key asks for it each time."""
        if self._again is not None:
            self._see_that_tries_are_left(self._slot)
        value = self._calls.sign(
            self._session.handle,
            self._key.handle,
            question["mechanism"],
            bytes.fromhex(question["data"]),
            self._again,
        )
        return {"value": value.hex()}

    def close(self) -> None:
        """Log out and forget."""
        self._forget()
        if self._session is not None:
            self._calls.log_out(self._session.handle)

    def _forget(self) -> None:
        if self._again is not None:
            self._again.forget()
        self._again = None

    @staticmethod
    def _see_that_tries_are_left(slot: "Slot") -> None:
        """The PIN was right at the login: a flag that stands now is somebody else's doing."""
        flags = slot.get_token().flags
        if flags & TokenFlag.USER_PIN_LOCKED:
            raise Refused("PinLocked")
        if flags & TokenFlag.USER_PIN_FINAL_TRY:
            raise Refused("PinFinalTry")


def main() -> None:
    """Serve one module, named by the only argument, until the questions end."""
    keep_out_of_dumps()
    _end_with_parent()
    answers = _own_channel()
    module = sys.argv[1]
    try:
        with driver(module) as library:
            _answer(answers, {})
            served = Driver(library, Calls(module))
            try:
                for question, secret in _questions():
                    _answer(answers, _serve(served, question, secret))
            finally:
                served.close()
    except SohoaError as error:
        _answer(answers, {"fault": type(error).__name__, "detail": str(error.facts["detail"])})


def read_frame(read: Callable[[memoryview], int | None]) -> tuple[dict[str, Any], Secret] | None:
    """The next frame; None at the end of the stream. ``read`` fills a buffer as far as it can."""
    header = bytearray(HEADER.size)
    if not _fill(memoryview(header), read):
        return None
    length, pin_length = HEADER.unpack(header)
    text = bytearray(length)
    secret = Secret(None if pin_length == ON_KEYPAD else pin_length)
    if not _fill(memoryview(text), read) or not _fill(secret.room, read):
        return None
    return json.loads(text), secret


def frame(message: dict[str, Any]) -> bytes:
    """A message as it travels, without a PIN."""
    text = json.dumps(message).encode()
    return HEADER.pack(len(text), 0) + text


def _serve(served: Driver, question: dict[str, Any], secret: Secret) -> dict[str, Any]:
    """The answer; after a fault no PIN is left here."""
    work = {
        "list": served.list,
        "find": served.find,
        "log_in": served.log_in,
        "choose": served.choose,
        "sign": served.sign,
    }
    try:
        return work[question["do"]](question, secret)
    except pkcs11.PKCS11Error as error:
        fault = {"fault": type(error).__name__, "detail": str(error)}
    except Refused as error:
        fault = {"fault": error.name, "detail": ""}
    served._forget()
    return fault


def _questions() -> Iterator[tuple[dict[str, Any], Secret]]:
    with open(0, "rb", buffering=0, closefd=False) as source:
        while (asked := read_frame(source.readinto)) is not None:
            yield asked


def _fill(room: memoryview, read: Callable[[memoryview], int | None]) -> bool:
    while room:
        count = read(room)
        if not count:
            return False
        room = room[count:]
    return True


def _own_channel() -> int:
    """Answers on a descriptor that drivers do not know: some talk on standard output."""
    answers = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    return answers


def _answer(answers: int, message: dict[str, Any]) -> None:
    rest = memoryview(frame(message))
    while rest:
        rest = rest[os.write(answers, rest) :]


def _end_with_parent() -> None:
    """A driver that hangs reads no end of its questions: watch for the parent's death."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _shown(slot: "Slot") -> dict[str, Any]:
    token = slot.get_token()
    described = _described(slot, token)
    if not token.flags & TokenFlag.TOKEN_INITIALIZED:
        return described
    with token.open() as session:
        described["certificates"] = [
            {"id": (_attribute(one, Attribute.ID) or b"").hex(), "value": value.hex()}
            for one in _of(session, ObjectClass.CERTIFICATE)
            if (value := _attribute(one, Attribute.VALUE))
        ]
        described["keys"] = [_public_part(key) for kind in _KEYS for key in _of(session, kind)]
    return described


def _described(slot: "Slot", token: "Token") -> dict[str, Any]:
    return {
        "slot": slot.slot_id,
        "label": token.label,
        "manufacturer": token.manufacturer_id,
        "model": token.model,
        "serial": _serial(token),
        "flags": int(token.flags),
        "certificates": [],
        "keys": [],
    }


def _public_part(key: "Object") -> dict[str, Any]:
    number = _attribute(key, Attribute.MODULUS) or _attribute(key, Attribute.EC_POINT) or b""
    return {"id": (_attribute(key, Attribute.ID) or b"").hex(), "public": number.hex()}


def _attribute(item: "Object", name: Attribute) -> Any:
    """An attribute; None where the object does not have or show it."""
    try:
        return item[name]
    except (pkcs11.PKCS11Error, NotImplementedError):
        return None


def _of(session: "Session", kind: ObjectClass, key_id: bytes | None = None) -> "list[Object]":
    wanted: dict[Attribute, Any] = {Attribute.CLASS: kind}
    if key_id is not None:
        wanted[Attribute.ID] = key_id
    return list(session.get_objects(wanted))


def _serial(token: "Token") -> str:
    return bytes(token.serial).decode("ascii", errors="replace").strip("\0 ")


if __name__ == "__main__":
    main()
