"""What judging files needs, imported once by the server that its processes are forked from."""

from importlib import import_module

from foundation.loading import loaded_for_good

with loaded_for_good():
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
