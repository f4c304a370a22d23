"""Documents to signed documents to verdicts.

from signing import PinPrompt, SignJob, SigningRequest, sign_file, verify_file

request = SigningRequest(signer, rules, "SAO Y", "ỦY BAN NHÂN DÂN XÃ HÒA AN", "b-t", urls)
sign_file(SignJob(Path("a.pdf"), Path("a-signed.pdf")), request, PinPrompt())
verify_file(Path("a-signed.pdf"), [Path("roots")]).verdict     # 'valid'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signing.detached import DetachedVerdict, open_sealer, verify_detached
    from signing.jobs import SigningRequest, SignJob, SignResult
    from signing.pades import sign_file, sign_files
    from signing.pins import Pin, PinFromDescriptor, PinInMemory, PinPrompt, PinSource
    from signing.rehearsal import Rehearsal, rehearsal_pki
    from signing.tokens import CertificateInfo, TokenInfo, list_tokens
    from signing.trust import Anchor, load_anchors
    from signing.verify import FileVerdict, SignatureVerdict, verify_file

__all__ = [
    "Anchor",
    "CertificateInfo",
    "DetachedVerdict",
    "FileVerdict",
    "Pin",
    "PinFromDescriptor",
    "PinInMemory",
    "PinPrompt",
    "PinSource",
    "Rehearsal",
    "SignJob",
    "SignResult",
    "SignatureVerdict",
    "SigningRequest",
    "TokenInfo",
    "list_tokens",
    "load_anchors",
    "open_sealer",
    "rehearsal_pki",
    "sign_file",
    "sign_files",
    "verify_detached",
    "verify_file",
]

_HOMES = {
    "signing.detached": ("DetachedVerdict", "open_sealer", "verify_detached"),
    "signing.jobs": ("SignJob", "SignResult", "SigningRequest"),
    "signing.pades": ("sign_file", "sign_files"),
    "signing.pins": ("Pin", "PinFromDescriptor", "PinInMemory", "PinPrompt", "PinSource"),
    "signing.rehearsal": ("Rehearsal", "rehearsal_pki"),
    "signing.tokens": ("CertificateInfo", "TokenInfo", "list_tokens"),
    "signing.trust": ("Anchor", "load_anchors"),
    "signing.verify": ("FileVerdict", "SignatureVerdict", "verify_file"),
}


def __getattr__(name: str) -> Any:
    """Load a part of the room when it is first asked for: pyHanko takes half a second."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
