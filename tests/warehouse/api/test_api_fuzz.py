"""Requests that schemathesis thinks up from the OpenAPI description: none brings the server down.

SOHOA_FUZZ=200 makes as many for every operation and role; these are a sample.
"""

import os
import sys
from collections import Counter
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error

from warehouse.access import ROLES

from .conftest import AN, PROCEDURE, World

FUZZ = int(os.environ.get("SOHOA_FUZZ", "0"))
#: Seconds an answer may take: says how busy the machine is, not whether the code is right.
_PATIENCE = 600
#: One role reaches furthest; the full run asks as each of them.
AS = ROLES if FUZZ else ("supervisor",)


@pytest.fixture(scope="module")
def furnished(shared_world: World) -> dict[str, list[str]]:
    """Ids of things that are there, so that not every address is empty."""
    clerk, client = shared_world.issuer.of("clerk"), shared_world.client
    records = [
        shared_world.deposit(shared_world.paper(f"{n}"), clerk).json()["id"] for n in range(2)
    ]
    release = client.post(
        f"/v1/records/{records[0]}/releases", json={"procedure": PROCEDURE}, headers=clerk
    )
    return {"record": records, "release": [release.json()["release"]]}


def operations(world: World) -> dict[str, Any]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", world.client.app)
    return {one.ok().label: one.ok() for one in schema.get_all_operations()}


def test_no_request_made_of_the_description_ends_in_a_fault(
    shared_world: World, furnished: dict[str, list[str]]
) -> None:
    asked: dict[str, Counter[int]] = {}
    for label, operation in operations(shared_world).items():
        for role in AS:
            answers = ask(shared_world, operation, role, furnished)
            asked[label] = asked.get(label, Counter()) + answers
    assert len(asked) > 20
    assert all(answers.total() for answers in asked.values())
    if FUZZ:
        told = [sum(asked.values(), Counter()), *asked.items()]
        sys.stdout.write("\n".join(map(str, told)) + "\n")


def make_sense(body: dict[str, Any], pdf: bytes) -> None:
    """Some of what is made up is put right, so that it gets further than the first check."""
    said = body.get("paper", body)
    if "file" in body:
        body["file"] = pdf
    if isinstance(said, dict):
        if isinstance(said.get("owner"), dict):
            said["owner"]["number"] = AN
        known = {"type": "khai-sinh", "procedure": PROCEDURE, "papers": ["giay-to"]}
        said.update({name: value for name, value in known.items() if name in said})


def ask(world: World, operation: Any, role: str, known: dict[str, list[str]]) -> "Counter[int]":
    answers: Counter[int] = Counter()
    pdf = world.made[0].read_bytes()

    @hypothesis.given(case=operation.as_strategy(), pick=hypothesis.strategies.integers(0, 5))
    @hypothesis.settings(
        max_examples=FUZZ or 4,
        deadline=None,
        derandomize=not FUZZ,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    def run(case: Any, pick: int) -> None:
        for name, ids in known.items():
            if name in (case.path_parameters or {}) and pick < len(ids):
                case.path_parameters[name] = ids[pick]
        if pick < 3 and isinstance(case.body, dict):
            make_sense(case.body, pdf)
        response = case.call(headers=world.issuer.of(role), timeout=_PATIENCE)
        case.validate_response(response, checks=[not_a_server_error])
        answers[response.status_code] += 1

    run()
    return answers
