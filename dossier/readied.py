"""What judging files needs, imported once by the server that its processes are forked from."""

import digitize.content  # noqa: F401  all imported for the processes
import digitize.seal  # noqa: F401
import digitize.sources  # noqa: F401
import dossier.verification  # noqa: F401
import ocr.codes  # noqa: F401
import signing.credential  # noqa: F401
import signing.verify  # noqa: F401
