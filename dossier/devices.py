"""What is plugged in: scanners and tokens, each with what it can do."""

from dataclasses import asdict, dataclass
from typing import Any

from digitize.scanner import Device, DeviceOption, list_devices, list_options
from foundation.errors import SohoaError
from signing import TokenInfo, list_tokens


@dataclass(frozen=True)
class FoundDevices:
    """Scanners with their options (if asked for), tokens, and what could not be looked at."""

    scanners: tuple[tuple[Device, tuple[DeviceOption, ...]], ...]
    tokens: tuple[TokenInfo, ...]
    faults: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "scanners": [
                {
                    "name": device.name,
                    "vendor": device.vendor,
                    "model": device.model,
                    "kind": device.kind,
                    "options": [asdict(option) for option in options],
                }
                for device, options in self.scanners
            ],
            "tokens": [_token(token) for token in self.tokens],
            "faults": list(self.faults),
        }


def find_devices(with_options: bool = False) -> FoundDevices:
    """Look for scanners and tokens; one that fails does not hide the others."""
    faults: list[str] = []
    scanners: list[tuple[Device, tuple[DeviceOption, ...]]] = []
    try:
        for device in list_devices():
            scanners.append((device, _options(device, faults) if with_options else ()))
    except SohoaError as error:
        faults.append(str(error))
    tokens: list[TokenInfo] = []
    try:
        tokens = list_tokens()
    except SohoaError as error:
        faults.append(str(error))
    return FoundDevices(tuple(scanners), tuple(tokens), tuple(faults))


def _options(device: Device, faults: list[str]) -> tuple[DeviceOption, ...]:
    try:
        return tuple(list_options(device))
    except SohoaError as error:
        faults.append(str(error))
        return ()


def _token(token: TokenInfo) -> dict[str, Any]:
    data = asdict(token)
    for certificate in data["certificates"]:
        certificate["usages"] = sorted(certificate["usages"])
        # More than 53 bits: as text, or a JavaScript reader would round it.
        certificate["serial_number"] = str(certificate["serial_number"])
    return data
