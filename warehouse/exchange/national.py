"""A record in the form of the national database of administrative procedures, one a component.

Names and fixed values come from a profile (``profiles/forms``): those in use were seen in public
code and are not published, so an office sets them right without waiting for a new sohoa.
"""

from typing import Any

from profiles import ComponentForm
from warehouse.values import Record


def national_record(record: Record, form: ComponentForm, file: str) -> dict[str, Any]:
    """A record as a national component record.

    Args:
        form: how it calls its entries; those without a name are left out.
        file: where the document lies, from this record.
    """
    told: dict[str, Any] = {
        "digitised": form.values.digitised,
        "reused": form.values.reused,
        "from_store": form.values.from_store,
        "kind": form.values.kind,
        "component": record.type_code,
        "result": record.code,
        "stands_for": record.code,
        "document": record.id,
        "title": record.title,
        "file": file,
        "sha256": record.sha256,
    }
    names = form.names.model_dump()
    return {names[key]: value for key, value in told.items() if names[key]}


def national_schema(form: ComponentForm) -> dict[str, Any]:
    """JSON Schema of what :func:`national_record` makes of a form."""
    whole: dict[str, Any] = {"type": "integer", "minimum": 0}
    text: dict[str, Any] = {"type": "string"}
    kinds = {
        "digitised": whole | {"maximum": 1},
        "reused": whole | {"maximum": 2},
        "from_store": whole | {"maximum": 1},
        "kind": whole | {"maximum": 2},
        "sha256": text | {"pattern": "^[0-9a-f]{64}$"},
    }
    named = {key: name for key, name in form.names.model_dump().items() if name}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": form.title,
        "type": "object",
        "additionalProperties": False,
        "required": list(named.values()),
        "properties": {name: kinds.get(key, text) for key, name in named.items()},
    }
