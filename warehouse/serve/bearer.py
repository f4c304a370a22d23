"""Bearer tokens (RFC 6750): JSON Web Tokens (RFC 7519) of one issuer, for one audience.

The rules are those of RFC 8725: algorithms from a list, each only with a key of its kind, so
neither ``none`` nor a public key used as a secret gets in; issuer, audience and times must be
there and fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_text
from profiles import Office
from warehouse.access import ROLES, STAFF, Principal, Role
from warehouse.serve.keyset import KeySet
from warehouse.values import clean_identifier

#: Bytes of the longest token looked at.
_LONGEST = 8192
_LEEWAY_SECONDS = 30
#: What the header may call the token: an access token (RFC 9068), or nothing in particular. An
#: OpenID Connect identity token is for the client it names, which its audience shows.
_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})


#: What is wrong with a token, by the names of its claims (RFC 7519).
_CLAIMS: dict[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: "exp",
    jwt.ImmatureSignatureError: "nbf",
    jwt.InvalidAudienceError: "aud",
    jwt.InvalidIssuerError: "iss",
    jwt.InvalidSignatureError: "signature",
}


class BadToken(SohoaError):
    """A token is missing, or does not hold."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("The token does not hold: {detail}.")


class NoRole(SohoaError):
    """A token holds and gives no role here."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("The token gives no role at this store. Ask who runs the sign-in service.")


class UnknownOffice(NoRole):
    """A token gives the role of somebody at a counter, at an office that has no profile here."""

    message = N_(
        "The token names the office “{office}”, which has no profile here. Staff need one: ask "
        "who runs this store, or the sign-in service."
    )


@dataclass(frozen=True)
class Claims:
    """Under which names a token says what; a dot leads into an object."""

    roles: str = "roles"
    name: str = "name"
    office: str = "office"
    owner: str = "owner"
    procedures: str = "procedures"


@dataclass(frozen=True)
class Bearer:
    """Judges tokens.

    Attributes:
        offices: by code, those whose staff may work here.
        bound: refuse tokens that are bound to no client's certificate.
    """

    issuer: str
    audience: str
    keys: KeySet
    offices: Mapping[str, Office]
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    claims: Claims = field(default_factory=Claims)
    bound: bool = False

    def principal(self, token: str, certificate: str = "") -> Principal:
        """Whom a token speaks for.

        Args:
            certificate: thumbprint of the one the client showed (RFC 8705, ``x5t#S256``).

        Raises:
            BadToken: it does not hold.
            NoRole: it holds, and gives no role here; UnknownOffice: for want of an office.
            KeysUnavailable: nobody can tell.
        """
        said = self._checked(token)
        self._require_bound(said, certificate)
        named = _plain(str(_at(said, self.claims.office) or ""))
        office = self.offices.get(named)
        told = [role for role in ROLES if role in _words(_at(said, self.claims.roles))]
        roles = tuple(role for role in told if role not in STAFF or office)
        if not roles:
            raise UnknownOffice(office=mask_text(named) or "–") if told else NoRole
        return Principal(
            name=_name(said, self.claims, roles),
            roles=roles,
            office=office.title if office else named,
            office_code=office.code if office else "",
            owner=clean_identifier(_plain(_at(said, self.claims.owner))),
            procedures=frozenset(_words(_at(said, self.claims.procedures))),
            subject=f"{self.issuer} {said['sub']}",
        )

    def _require_bound(self, said: Mapping[str, Any], certificate: str) -> None:
        """A token bound to a key is good with that key only (RFC 8705).

        One bound in another way, as by DPoP (RFC 9449), is no bearer token.
        """
        if "cnf" not in said and not self.bound:
            return
        if not certificate or said.get("cnf") != {"x5t#S256": certificate}:
            raise BadToken(detail="cnf")

    def _checked(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST:
            raise BadToken(detail="length")
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key_id = header["alg"], header.get("kid", "")
            kind = str(header.get("typ", "")).lower()
            if algorithm not in self.algorithms or kind not in _TYPES or "crit" in header:
                raise BadToken(detail="header")
            key = self.keys.find(key_id if isinstance(key_id, str) else "")
            if key is None or algorithm not in key.algorithms:
                raise BadToken(detail="key")
            said: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=self.audience,
                issuer=self.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.MissingRequiredClaimError as error:
            raise BadToken(detail=error.claim) from error
        except tuple(_CLAIMS) as error:
            raise BadToken(detail=_CLAIMS[type(error)]) from error
        except (jwt.PyJWTError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise BadToken(detail="format") from error
        if not isinstance(said["sub"], str) or not said["sub"]:
            raise BadToken(detail="sub")
        return said


def _at(said: Mapping[str, Any], path: str) -> Any:
    value: Any = said
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _words(value: Any) -> list[str]:
    """A list of texts, or a text of words as in ``scope``."""
    if isinstance(value, str):
        return value.split()
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _plain(value: Any) -> str:
    """A claim's text as one line without control characters, which no database takes."""
    text = value if isinstance(value, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _name(said: Mapping[str, Any], claims: Claims, roles: tuple[Role, ...]) -> str:
    """Who answers for it in the audit. Owners stand there by pseudonym alone."""
    if roles == ("owner",):
        return "owner"
    name, subject = _plain(_at(said, claims.name)), _plain(said["sub"])
    return mask_text(f"{name} ({subject})" if name and name != subject else subject)
