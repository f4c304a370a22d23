"""What judging files needs, imported once by the server that its processes are forked from."""

import digitize.content
import digitize.seal
import digitize.sources
import dossier.verification
import ocr.codes
import signing.credential
import signing.verify  # noqa: F401
