"""The OpenAPI document, made from the operations and their structs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from endcap.core.events import MAX_MONEY, REQUIRED
from endcap.web.messages import ErrorAnswer
from endcap.web.operations import Operation

_REF = "#/components/schemas/{name}"
_ABOUT = (
    "Cross-sell and upsell for a shop. The shop is the key's. Times are ISO 8601 or epoch milliseconds, money a decimal in the "
    "major unit."
)
_PHRASES = {
    200: "Done", 202: "Accepted and on disk", 400: "No JSON", 401: "No key, or an unknown one", 403: "The key may not do this",
    404: "A name that nothing answers to", 409: "Too little is known for it yet", 413: "Too large",
    422: "The body cannot be used; for batches, none of it", 503: "Busy; try again",
}  # fmt: skip


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these operations, as plain data."""
    kinds = list(dict.fromkeys(kind for operation in operations for kind in _types(operation)))
    schemas, components = msgspec.json.schema_components([*kinds, ErrorAnswer], ref_template=_REF)
    by_type = dict(zip(map(repr, [*kinds, ErrorAnswer]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, by_type)
    sent: dict[str, Any] = _as_sent(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Endcap",
                "version": version("endcap"),
                "description": _ABOUT,
            },
            "paths": paths,
            "components": {
                "schemas": _components(components),
                "securitySchemes": {
                    "key": {"type": "http", "scheme": "bearer", "description": "A browser, server or admin key."}
                },
            },
        }
    )
    return sent


def rendered(operations: Sequence[Operation]) -> bytes:
    """The document as it is committed and served."""
    return msgspec.json.format(msgspec.json.encode(document(operations), order="sorted"), indent=2) + b"\n"


def _types(operation: Operation) -> list[Any]:
    return [kind for kind in (*operation.forms, operation.response) if kind is not None]


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", operation.path)
    failures = {*operation.failures, *((401, 403) if operation.keys else ())}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Keys: {', '.join(operation.keys)}." if operation.keys else "No key is needed.",
        "security": [{"key": []}] if operation.keys else [],
        "responses": {
            **{str(status): _answer(operation, status, schemas) for status in operation.success},
            **{str(status): _failure(operation, status, schemas) for status in sorted(failures)},
        },
    }
    parameters = [
        *({"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in names),
        *(
            {"name": name, "in": "query", "required": False, "description": words, "schema": {"type": "string"}}
            for name, words in operation.parameters.items()
        ),
    ]
    if parameters:
        described["parameters"] = parameters
    if operation.forms:
        schemas_of_forms = [schemas[repr(form)] for form in operation.forms]
        schema = schemas_of_forms[0] if len(schemas_of_forms) == 1 else {"anyOf": schemas_of_forms}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _answer(operation: Operation, status: int, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[repr(operation.response)] if operation.response is not None else {"type": "string"}
    return {"description": _PHRASES[status], "content": {operation.answer_type: {"schema": schema}}}


def _failure(operation: Operation, status: int, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[repr(ErrorAnswer)]
    if status == 422 and len(operation.forms) > 1:
        schema = {"anyOf": [schema, schemas[repr(operation.response)]]}
    return {"description": _PHRASES[status], "content": {"application/json": {"schema": schema}}}


def _components(components: dict[str, Any]) -> dict[str, Any]:
    """What msgspec cannot know: events take unknown fields, and which fields each type of event needs."""
    event = components["Event"]
    event.pop("additionalProperties", None)
    needs = "; ".join(f"{kind}: {', '.join(fields)}" for kind, fields in REQUIRED.items())
    event["description"] = f"{event['description']}\n\nFields that are not listed are kept in context. Needed by type: {needs}."
    components["RecordedAnswer"]["properties"] |= {"request": {"type": "object"}, "response": {"type": "object"}}
    return components


def _as_sent(schema: Any) -> Any:
    """The schema with money as it is sent, a number, or a string where a client has no exact decimals; and clean descriptions."""
    if isinstance(schema, list):
        return [_as_sent(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and schema.get("format") == "decimal":
        return {"anyOf": [
            {"type": "number", "minimum": 0, "maximum": int(MAX_MONEY)},
            {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,6})?$"},
        ]}  # fmt: skip
    if schema.get("format") == "date-time":
        return {**schema, "examples": ["2026-01-31T12:00:00Z"]}
    described = {key: _as_sent(value) for key, value in schema.items()}
    if isinstance(described.get("description"), str):
        described["description"] = inspect.cleandoc(described["description"])
    return described
