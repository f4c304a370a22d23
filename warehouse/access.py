"""Who may do what with whose papers: one table, asked by everything that is reached over a network.

Whoever asks is a :class:`Principal`, whom a token speaks for; what they ask about is a
:class:`Target`. A target is somebody's own or foreign to them: an office's own is what came in
there, an owner's own what is about them, an authority's own what serves one of its procedures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from warehouse.values import Actor, Record

Role = Literal["clerk", "postal-agent", "supervisor", "authority", "owner", "auditor"]
Reach = Literal["any", "own", ""]
ROLES: tuple[Role, ...] = get_args(Role)
#: Roles of people at a counter: they act for an office that has a profile here.
STAFF: frozenset[Role] = frozenset({"clerk", "postal-agent", "supervisor"})

#: Verb → how far each role reaches, in the order of :data:`ROLES`: any record, only its own,
#: or (empty) not at all. Whatever is not in here is refused.
#:
#: A postal agent takes papers in for the office that hired them (NĐ 107/2021) and sees nothing
#: but that intake; what need not be scanned the plan tells them, the paper itself goes to the
#: authority. Staff read a paper as it lies here only where it came in: to others it is handed
#: out by reuse, which has a receipt. An auditor sees what was done, and no paper.
RULES: Mapping[str, tuple[Reach, ...]] = {
    #                    clerk  postal supervisor authority owner  auditor
    "deposit":          ("any", "own", "any",     "",       "",    ""),
    "find":             ("any", "own", "any",     "",       "own", ""),
    "status":           ("any", "own", "any",     "any",    "own", "any"),
    "metadata":         ("any", "own", "any",     "",       "own", ""),
    "document":         ("own", "own", "own",     "",       "own", ""),
    "plan":             ("any", "any", "any",     "own",    "own", ""),
    "reuse":            ("any", "",    "any",     "own",    "",    ""),
    "revoke":           ("own", "",    "any",     "",       "",    ""),
    "bind":             ("own", "own", "any",     "",       "",    ""),
    "erase":            ("",    "",    "any",     "",       "",    ""),
    "consent-grant":    ("any", "any", "any",     "",       "own", ""),
    "consent-withdraw": ("any", "",    "any",     "",       "own", ""),
    "consent-show":     ("any", "",    "any",     "",       "own", ""),
    "account":          ("any", "",    "any",     "",       "own", ""),
    "excerpt":          ("any", "",    "any",     "",       "own", "any"),
    "checkpoint":       ("",    "",    "any",     "",       "",    "any"),
    "audit-verify":     ("",    "",    "any",     "",       "",    "any"),
    "check":            ("",    "",    "any",     "",       "",    "any"),
}  # fmt: skip


class AccessDenied(SohoaError):
    """The table of who may do what does not allow it."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("Your role does not allow this ({verb}). The refusal is on record.")


@dataclass(frozen=True)
class Principal:
    """Whom a token speaks for.

    Attributes:
        name: as it stands in the audit; personal numbers in it are masked.
        office: title of their office, as it stands in records; ``office_code`` its code.
        owner: their own identification number, if the token says it.
        procedures: codes of those an authority carries out.
        subject: tells them from everybody else, and never leaves this process.
    """

    name: str
    roles: tuple[Role, ...]
    office: str = ""
    office_code: str = ""
    owner: str = field(default="", repr=False)
    procedures: frozenset[str] = frozenset()
    subject: str = field(default="", repr=False)

    def actor(self, role: str) -> Actor:
        """Who it was, for records and the audit."""
        return Actor(self.name, role, self.office)


@dataclass(frozen=True)
class Target:
    """What somebody asks about.

    Attributes:
        office: title of the office where the record came in; empty for what is done at the
            counter of whoever asks.
        owners: identification numbers of those it is about.
        procedure: code of the procedure it is for.
    """

    office: str = ""
    owners: frozenset[str] = field(default=frozenset(), repr=False)
    procedure: str = ""


def target_of(record: Record, procedure: str = "") -> Target:
    """A record as the target of a verb."""
    return Target(record.office, frozenset(one.identifier for one in record.owners), procedure)


def is_own(principal: Principal, role: Role, target: Target) -> bool:
    """Whether a target is somebody's own, in one of their roles."""
    if role in STAFF:
        return bool(principal.office) and target.office in ("", principal.office)
    if role == "authority":
        return target.procedure in principal.procedures
    return role == "owner" and bool(principal.owner) and principal.owner in target.owners


def role_for(principal: Principal, verb: str, target: Target) -> Role | None:
    """The role in which somebody may do it; None where they may not."""
    for role, reach in zip(ROLES, RULES.get(verb, ()), strict=False):
        if role in principal.roles and (
            reach == "any" or (reach == "own" and is_own(principal, role, target))
        ):
            return role
    return None


def may_ever(principal: Principal, verb: str) -> bool:
    """Whether somebody may do it with anything at all: asked before a body is read."""
    reaches = zip(ROLES, RULES.get(verb, ()), strict=False)
    return any(role in principal.roles and reach for role, reach in reaches)
