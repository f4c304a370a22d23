"""Had a certificate, or one it rests on, been revoked at a given moment?

Evidence in the file comes first; what it does not prove is asked of the services that the
certificates name, if the policy lets. Only certificates that lead to a trusted root are
asked about: nobody else may send this machine to an address.
"""

from dataclasses import replace
from datetime import datetime

from asn1crypto import x509
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import RevokedError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    REQUIRE_REVINFO,
    RevocationCheckingPolicy,
)
from pyhanko_certvalidator.validate import async_validate_path

from signing.document import MALFORMED
from signing.evidence import Evidence
from signing.facts import RevocationFacts

#: Every certificate that names a service must be shown good; those that name none need not.
_NAMED = RevocationCheckingPolicy.from_legacy("hard-fail")
#: No revocation: chains are built first, and asked about when they lead to a trusted root.
UNASKED = NO_REVOCATION


async def examine(
    path: ValidationPath,
    evidence: Evidence,
    moment: datetime,
    stamped_at: datetime | None = None,
) -> RevocationFacts:
    """What is known of the certificates of ``path``, below its root, as of ``moment``.

    Args:
        path: leads to a trusted root and is right but for revocation.
        evidence: what the file brings, and the network.
        moment: the moment in question.
        stamped_at: of a timestamp, the time it names: where nobody answers today, evidence
            the file carries from then is enough, as in EU DSS, while its certificate lasts.
    """
    below_root = list(path.iter_certs(include_root=False))
    named = any(_names_service(one) for one in below_root)
    # CRLs must come from the same root; their issuers are in the path. Others that only bear
    # the same names stay out: they would be taken for the issuers.
    evidence = replace(evidence, anchors=(path.first,), known=tuple(below_root))
    ways = [(moment, REQUIRE_REVINFO, False), (moment, _NAMED, False)]
    if evidence.policy.network and named:
        ways.append((moment, _NAMED, True))
    if stamped_at is not None and evidence.embedded:
        ways.append((stamped_at, _NAMED, False))
    for when, rule, ask in ways:
        context = evidence.context(when, rule, ask=ask)
        try:
            await async_validate_path(context, path)
        except RevokedError as error:
            return RevocationFacts("revoked", error.revocation_dt)
        except MALFORMED:
            continue
        if not below_root or (rule is _NAMED and not named):
            return RevocationFacts("none-offered")
        return RevocationFacts("good", embedded=not ask and evidence.embedded)
    return RevocationFacts("unchecked" if named else "none-offered")


def bare_context(evidence: Evidence, moment: datetime) -> ValidationContext:
    """A context that leaves revocation out."""
    return evidence.context(moment, UNASKED)


def _names_service(certificate: x509.Certificate) -> bool:
    """Whether it names where its revocation can be asked; OCSP responders may be exempt."""
    exempt = certificate.ocsp_no_check_value is not None
    return not exempt and bool(certificate.ocsp_urls or certificate.crl_distribution_points)
