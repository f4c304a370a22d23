"""What judging files needs, imported once by the server that its processes are forked from."""

import digitize.content
import digitize.seal
import digitize.sources  # noqa: F401
import dossier.verification  # noqa: F401
import ocr.codes  # noqa: F401
import signing.credential
import signing.verify  # noqa: F401
