"""What is plugged in: scanners and tokens, each with what it can do."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from digitize.scanner import Device, DeviceOption, list_devices, list_options
from foundation.errors import SohoaError
from profiles import RemoteSigner, load_office
from signing import TokenInfo


@dataclass(frozen=True)
class FoundDevices:
    """Scanners with their options (if asked for), tokens, and what could not be looked at.

    ``remote``: for each remote signing service of the office profile, its keys' ids.
    """

    scanners: tuple[tuple[Device, tuple[DeviceOption, ...]], ...]
    tokens: tuple[TokenInfo, ...]
    faults: tuple[str, ...]
    remote: tuple[tuple[str, tuple[str, ...]], ...] = ()

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
            "remote": [{"url": url, "credentials": list(ids)} for url, ids in self.remote],
            "faults": list(self.faults),
        }


def find_devices(with_options: bool = False) -> FoundDevices:
    """Look for scanners and tokens; one that fails does not hide the others."""
    from signing.drivers import known_modules
    from signing.tokens import look_for_tokens

    faults: list[str] = []
    scanners: list[tuple[Device, tuple[DeviceOption, ...]]] = []
    try:
        for device in list_devices():
            scanners.append((device, _options(device, faults) if with_options else ()))
    except SohoaError as error:
        faults.append(str(error))
    tokens: tuple[TokenInfo, ...] = ()
    try:
        found = look_for_tokens(known_modules())
        tokens = found.tokens
        faults += map(str, found.faults)
    except SohoaError as error:  # the edited list of drivers cannot be read
        faults.append(str(error))
    remote = tuple(_remote_keys(faults))
    return FoundDevices(tuple(scanners), tokens, tuple(faults), remote)


def _remote_keys(faults: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The keys of each service of the office profile that lets in without asking anybody."""
    from signing.remote import list_credentials

    try:
        signers = load_office().signers.values()
    except SohoaError as error:
        faults.append(str(error))
        return
    for signer in {one.url: one for one in signers if isinstance(one, RemoteSigner)}.values():
        try:
            yield signer.url, tuple(list_credentials(signer))
        except SohoaError as error:
            faults.append(str(error))


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
