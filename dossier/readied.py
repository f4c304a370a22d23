"""What judging files needs, imported once by the server that its processes are forked from."""

import gc
from importlib import import_module

gc.disable()  # as in digitize.readied
try:
    for _module in (
        "digitize.content",
        "digitize.seal",
        "digitize.sources",
        "dossier.verification",
        "ocr.codes",
        "signing.credential",
        "signing.verify",
    ):
        import_module(_module)
finally:
    gc.freeze()
    gc.enable()
