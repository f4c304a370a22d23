"""What profiles say of exchange with other systems: forms of records, and webhooks."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from foundation.messages import N_
from profiles.base import Dated, Rules


class ComponentNames(Rules):
    """How the national record of a component calls its entries; an empty name leaves one out."""

    digitised: str = ""
    reused: str = ""
    from_store: str = ""
    stands_for: str = ""
    component: str = ""
    file: str = ""
    kind: str = ""
    document: str = ""
    result: str = ""
    sha256: str = ""
    title: str = ""


class ComponentValues(Rules):
    """What stands in those entries that say the same of every exported paper."""

    digitised: int = Field(default=1, ge=0, le=1)
    reused: int = Field(default=1, ge=0, le=2)
    from_store: int = Field(default=1, ge=0, le=1)
    kind: int = Field(default=2, ge=0, le=2)


class ComponentForm(Dated):
    """The form of the national record of a dossier's component."""

    names: ComponentNames
    values: ComponentValues = ComponentValues()


class Webhook(Rules):
    """Who is to hear of what happens in the store, by signed messages (Standard Webhooks)."""

    url: str
    #: File (mode 0600) with the secret: whsec_ and base64.
    secret_file: str
    #: Types of events wanted, such as record.revoked; empty: all.
    events: tuple[str, ...] = ()
    #: The address may be on this machine, and then plain http.
    loopback: bool = False
    #: Certificates (PEM) by which the server is known, where its issuer is no public one.
    tls_trust: str = ""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        parts = urlsplit(self.url)
        here = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if parts.username or parts.password:
            raise ValueError(N_("no name or password in an address: the secret is in secret_file"))
        if not parts.hostname or parts.scheme not in ("https", "http"):
            raise ValueError(N_("it is no address of the kind https://…"))
        if here and not self.loopback:
            raise ValueError(N_("an address on this machine needs loopback = true"))
        if parts.scheme == "http" and not here:
            raise ValueError(N_("it must begin with https://"))
        return self
