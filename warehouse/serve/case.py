"""One request of somebody who has signed in: what they may, and what they are answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from profiles import Office, Paper, Procedure
from warehouse.access import ROLES, AccessDenied, Principal, Target, may_ever, role_for, target_of
from warehouse.checkpoints import StampCheck, Stamper
from warehouse.grounds import Agreement, Basis, Evidence, Giver, Purpose, Terms, Wanted
from warehouse.once import Answer
from warehouse.serve.meters import Meters
from warehouse.service import Service
from warehouse.store import Warehouse
from warehouse.values import Actor, Event, Judgement, Owner, Record, Release


class AgreementOf(Protocol):
    """What an owner agrees to when they were read the office's notice."""

    def __call__(  # noqa: D102
        self,
        office: Office,
        owner: Owner,
        papers: tuple[Paper, ...],
        evidence: Evidence,
        *,
        giver: Giver | None = None,
        purposes: tuple[Purpose, ...] = ("keep", "reuse"),
        language: Literal["vi", "en"] | None = None,
    ) -> Agreement: ...


@dataclass(frozen=True)
class Parts:
    """What the store does not know itself: handed in by who does.

    Attributes:
        judge: what signatures and marks a paper has, found out where a hostile file does no harm.
        owner_of: the owner with a number and a name. Raises SohoaError for what is no number.
        asked_for: code of a procedure, why, and on what terms, from its name and words.
        stamper, stamp_check: make and judge timestamps; None where there is no service or root.
    """

    judge: Callable[[Path, Paper], Judgement]
    owner_of: Callable[[str, str], Owner]
    law_of: Callable[[Paper], Basis | None]
    laws: Callable[[], Mapping[str, Basis]]
    by_consent: Callable[[str], Basis]
    asked_for: Callable[[str, str, Office], tuple[str, str, Terms]]
    wanted_by: Callable[[Procedure], list[Wanted]]
    agreement: AgreementOf
    prefill: Callable[[Release], dict[str, Any]]
    stamper: Stamper | None = None
    stamp_check: StampCheck | None = None


@dataclass(frozen=True)
class ServiceDesk:
    """What all requests share.

    Attributes:
        offices: by code; ``office`` acts where the one who asks belongs to none of them.
        scratch: folder for uploads in the making; None for the system's.
    """

    warehouse: Warehouse
    parts: Parts
    offices: Mapping[str, Office]
    office: Office
    scratch: Path | None = None


@dataclass(frozen=True)
class Case:
    """One request."""

    desk: ServiceDesk
    principal: Principal
    meters: Meters
    address: str
    key: str

    @property
    def warehouse(self) -> Warehouse:
        """The store."""
        return self.desk.warehouse

    @property
    def service(self) -> Service:
        """The store's side for servers."""
        return self.desk.warehouse.service

    @property
    def parts(self) -> Parts:
        """What other rooms know."""
        return self.desk.parts

    @property
    def office(self) -> Office:
        """Whose rules are worked by: the asker's own office, if it is one of those here."""
        return self.desk.offices.get(self.principal.office_code, self.desk.office)

    def require(
        self, verb: str, target: Target, *, record: Record | None = None, owner: str = ""
    ) -> Actor:
        """Who does it, in the role that lets them.

        Args:
            record: which it is about; ``owner``: else the number of whom it is about.

        Raises:
            AccessDenied: no role of theirs does; that is on record now.
        """
        role = role_for(self.principal, verb, target)
        if role is not None:
            return self._actor(role)
        return self._refuse(verb, record=record, owner=owner, procedure=target.procedure)

    def require_for_record(self, verb: str, record: Record) -> Actor:
        """As :meth:`require`, for a record."""
        return self.require(verb, target_of(record), record=record)

    def require_ever(self, verb: str) -> None:
        """Refuse whoever may not do it with anything, before anything is looked up or read."""
        if not may_ever(self.principal, verb):
            self._refuse(verb, record=None, owner="", procedure="")

    def note_missing(self, verb: str, cause: str) -> None:
        """Put on record that somebody asked for what is not there."""
        actor = self._actor(next(role for role in ROLES if role in self.principal.roles))
        self.service.refused(verb, cause, actor, record=None, owner="", procedure="")

    def _refuse(self, verb: str, *, record: Record | None, owner: str, procedure: str) -> Actor:
        error = AccessDenied(verb=verb)
        actor = self._actor(next(role for role in ROLES if role in self.principal.roles))
        self.service.refused(
            verb, error.message_id, actor, record=record, owner=owner, procedure=procedure
        )
        raise error

    def _actor(self, role: str) -> Actor:
        if role != "owner":
            return self.principal.actor(role)
        # Owners stand in the audit by the pseudonym under which it is kept.
        own = self.service.pseudonym(self.principal.owner) if self.principal.owner else "owner"
        return Actor(own, role, "")

    def once(self, content: str, work: "Work", again: "Again | None" = None) -> Response:
        """Answer with what some work comes to; under a key, do it once only.

        Args:
            again: the answer to what was done already, by its entry in the audit.
        """
        if not self.key:
            return answered(work(self))
        name = "\n".join((self.principal.subject, self.address, self.key))

        def noted(request: str) -> Answer:
            desk = replace(self.desk, warehouse=self.warehouse.under(request))
            return work(replace(self, desk=desk))

        told = partial(again, self) if again else None
        return answered(self.service.once(name, content, noted, told))


#: Work on a request, and the answer to work that was done.
Work = Callable[[Case], Answer]
Again = Callable[[Case, Event], Answer]


def answer(status: int, data: Any, record: str = "") -> Answer:
    """An answer in JSON. ``record``: which it is about, so that it is erased with it."""
    if isinstance(data, BaseModel):
        return Answer(status, data.model_dump_json().encode(), record)
    return Answer(status, json.dumps(data, ensure_ascii=False, default=str).encode(), record)


def answered(done: Answer) -> Response:
    """An answer on its way."""
    headers = {"Idempotency-Replayed": "true"} if done.again else {}
    return Response(done.body, done.status, headers, "application/json")


def _case(
    request: Request,
    idempotency_key: Annotated[
        str,
        Header(
            max_length=255,
            description="Any text of yours; the same request under it is carried out once.",
        ),
    ] = "",
) -> Case:
    state = request.app.state
    address = f"{request.method} {request.url.path}"
    return Case(state.desk, request.state.principal, state.meters, address, idempotency_key)


#: What routes ask for.
Asked = Annotated[Case, Depends(_case)]
