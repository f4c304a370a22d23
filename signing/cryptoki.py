"""The PKCS#11 calls that python-pkcs11 does not make the way a PIN needs them.

A login with the PIN in memory of our own, overwritten after it, or with none at all for a
keypad; and a login between C_SignInit and C_Sign, as CKA_ALWAYS_AUTHENTICATE asks for. Sessions
and objects are python-pkcs11's; their handles are used here (PKCS#11 2.40, 5.6 and 5.11).
"""

import ctypes

_Ulong = ctypes.c_ulong
#: Places in CK_FUNCTION_LIST, which begins with a version of the width of a pointer.
_LOGIN, _LOGOUT, _SIGN_INIT, _SIGN = 18, 19, 42, 43
#: CKU_USER and CKU_CONTEXT_SPECIFIC.
USER, FOR_THIS_SIGNATURE = 1, 2
#: Longer than any signature value.
_LONGEST = 8192
_USER_ALREADY_LOGGED_IN = 0x100
#: What drivers answer, by the names of python-pkcs11's exceptions (PKCS#11 2.40, pkcs11t.h).
_NAMES = {
    0x01: "FunctionCancelled",  # CKR_CANCEL
    0x02: "HostMemory",
    0x03: "SlotIDInvalid",
    0x05: "GeneralError",
    0x06: "FunctionFailed",
    0x07: "ArgumentsBad",
    0x30: "DeviceError",
    0x31: "DeviceMemory",
    0x32: "DeviceRemoved",
    0x50: "FunctionCancelled",
    0x54: "FunctionNotSupported",
    0x60: "KeyHandleInvalid",
    0x63: "KeyTypeInconsistent",
    0x68: "KeyFunctionNotPermitted",
    0x70: "MechanismInvalid",
    0x71: "MechanismParamInvalid",
    0xA0: "PinIncorrect",
    0xA1: "PinInvalid",
    0xA2: "PinLenRange",
    0xA3: "PinExpired",
    0xA4: "PinLocked",
    0xB0: "SessionClosed",
    0xB3: "SessionHandleInvalid",
    0xE0: "TokenNotPresent",
    0xE1: "TokenNotRecognised",
    0x100: "UserAlreadyLoggedIn",
    0x101: "UserNotLoggedIn",
    0x102: "UserPinNotInitialized",
    0x103: "UserTypeInvalid",
    0x104: "AnotherUserAlreadyLoggedIn",
}


class Refused(Exception):
    """A call did not return CKR_OK; ``name`` as python-pkcs11 calls it, else the number."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Secret:
    """A PIN in memory of its own, which is overwritten when it is forgotten.

    Args:
        length: bytes of the PIN; ``None`` where it is typed on the token's own keypad.
    """

    def __init__(self, length: int | None) -> None:
        self._bytes = bytearray(length or 0)
        self.on_keypad = length is None

    @property
    def room(self) -> memoryview:
        """Where the PIN is to be read into."""
        return memoryview(self._bytes)

    def forget(self) -> None:
        """Overwrite it."""
        self._bytes[:] = bytes(len(self._bytes))

    def argument(self) -> tuple["ctypes.Array[ctypes.c_char] | None", int]:
        """The pointer and the length that C_Login takes; the pointer is to this very memory."""
        if self.on_keypad:
            return None, 0
        return (ctypes.c_char * len(self._bytes)).from_buffer(self._bytes), len(self._bytes)


class Calls:
    """The calls of one module that python-pkcs11 has loaded and initialised."""

    def __init__(self, module: str) -> None:
        table = ctypes.POINTER(ctypes.c_void_p)()
        library = ctypes.CDLL(module)
        _check(library.C_GetFunctionList(ctypes.byref(table)))
        self._library, self._table = library, table

    def log_in(self, session: int, user: int, secret: Secret) -> None:
        """One attempt. A user who is logged in already is: his PIN was not looked at.

        Raises:
            Refused: what the driver answered.
        """
        pointer, length = secret.argument()
        answer = self._call(_LOGIN, _Ulong(session), _Ulong(user), pointer, _Ulong(length))
        if answer != _USER_ALREADY_LOGGED_IN:
            _check(answer)

    def log_out(self, session: int) -> None:
        """End the login; what the driver says of it is not worth more than the work done."""
        self._call(_LOGOUT, _Ulong(session))

    def sign(
        self, session: int, key: int, mechanism: int, data: bytes, again: Secret | None
    ) -> bytes:
        """The signature value over ``data``; ``again`` is the PIN where each signature asks for it.

        Raises:
            Refused: what the driver answered.
        """
        chosen = _Mechanism(mechanism, None, 0)
        begun = self._call(_SIGN_INIT, _Ulong(session), ctypes.byref(chosen), _Ulong(key))
        _check(begun)
        if again is not None:
            self.log_in(session, FOR_THIS_SIGNATURE, again)
        value, length = ctypes.create_string_buffer(_LONGEST), _Ulong(_LONGEST)
        _check(
            self._call(_SIGN, _Ulong(session), data, _Ulong(len(data)), value, ctypes.byref(length))
        )
        return value.raw[: length.value]

    def _call(self, place: int, *arguments: object) -> int:
        prototype = ctypes.CFUNCTYPE(_Ulong)
        function = prototype(self._table[1 + place])
        return int(function(*arguments))


class _Mechanism(ctypes.Structure):
    """CK_MECHANISM."""

    _fields_ = (("mechanism", _Ulong), ("parameter", ctypes.c_void_p), ("length", _Ulong))


def _check(answer: int) -> None:
    if answer:
        raise Refused(_NAMES.get(answer, f"CKR {answer:#x}"))
