"""Profile tables of ``sohoa serve``."""

from typing import Literal

from pydantic import Field

from profiles.base import Rules


class ServeRules(Rules):
    """How ``sohoa serve`` offers the store over HTTP."""

    host: str = "127.0.0.1"
    port: int = Field(default=8440, ge=1, le=65535)
    #: Who issues the tokens (``iss``), and for whom (``aud``).
    issuer: str = ""
    audience: str = ""
    #: File or https address of the issuer's public keys (JWKS).
    jwks: str = ""
    algorithms: tuple[
        Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
                "EdDSA"], ...
    ] = ("RS256", "PS256", "ES256", "EdDSA")  # fmt: skip
    #: Under which names a token says what; a dot leads into an object (realm_access.roles).
    roles_claim: str = "roles"
    name_claim: str = "name"
    office_claim: str = "office"
    owner_claim: str = "owner"
    procedures_claim: str = "procedures"
    #: PEM files: the server's certificate with its chain, its key, and the issuers of client
    #: certificates; with the last, who has none is not let in.
    tls_cert: str = ""
    tls_key: str = ""
    client_ca: str = ""
    #: With client certificates: refuse tokens that are bound to none (``cnf``, RFC 8705).
    bound_tokens: bool = False
    #: Addresses of proxies that are believed when they say who asks (X-Forwarded-For).
    proxies: tuple[str, ...] = ()
    #: Of one deposit, megabytes (10^6 bytes).
    max_upload: int = Field(default=50, ge=1, le=2000)
    #: Seconds a client may keep silent in the midst of a request; twice that until a body has to
    #: come with 2,000 bytes a second on the whole.
    patience: float = Field(default=15.0, ge=1, le=600)
    #: Of one subject; twice as many at once are let through after a rest.
    requests_a_minute: int = Field(default=600, ge=1)
