"""See that a signed file is what it should be before it gets its name."""

from functools import partial

from asn1crypto import x509

from foundation.files import begins_with
from foundation.messages import _
from foundation.times import utc_now
from signing import errors
from signing.beside import Signed
from signing.facts import Changes, FileFacts, SignatureFacts
from signing.gather import gather_async
from signing.policy import Cause, broken, judge_file, level_of, reaches
from signing.verify import explain


async def look_at(signed: Signed) -> SignatureFacts:
    """The new signature, when the file and all its signatures are sound.

    Raises:
        OutputNotSound: naming what is wrong.
    """
    fail = partial(errors.OutputNotSound, file=signed.source)
    if not begins_with(signed.part, signed.source):
        raise fail(detail=_("The original was altered."))
    anchors = [x509.Certificate.load(anchor) for anchor in signed.anchors]
    facts = await gather_async(signed.part, anchors, utc_now())
    if cause := unsound(facts):
        raise fail(detail=explain(cause))
    made = [one for one in facts.signatures if one.certificate == signed.certificate]
    if not made or facts.signatures[-1].changes not in (Changes.NONE, Changes.EVIDENCE):
        raise fail(detail=_("The signature does not cover the whole file."))
    if not reaches(level_of(made[-1], facts), signed.level):
        raise fail(detail=_("The level was not reached."))
    return made[-1]


def unsound(facts: FileFacts) -> Cause:
    """What is wrong with the file or one of its signatures, whoever signed; trust aside."""
    causes = [judge_file(facts)[1] if facts.fault else Cause.NONE, *map(broken, facts.signatures)]
    return next((cause for cause in causes if cause), Cause.NONE)
