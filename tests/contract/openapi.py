"""Requests and answers compared with the official description, of which `openapi.json` is a part.

The description was generated from samples: it says neither what may be null nor what may be absent. So
every documented key is expected, and where recordings of the service contradict it, `KNOWN` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

_DOCUMENT = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))
OPERATIONS: Mapping[str, Any] = _DOCUMENT["operations"]

_SENT_ALIKE = "ids are taken, and given back, as text as well as numbers"
KNOWN: Mapping[str, str] = {
    r".*\d: \S+ is null": "what has no value is null in recordings; samples have zeros or empty text",
    r"GET /contacts 200: the whole is an object": "described as an array of what it is",
    r"POST /contact/sync 200: not described": "recorded for a known address (D1)",
    r"POST /(contactLists|fieldValues|lists) 201: not described": "recorded for what is new (D2)",
    r"POST /(contactTags|tags) 200: not described": "seen for what existed (D4, section 8)",
    r"POST /contactTags 400: not described": "recorded (D5)",
    r"(POST /contact/sync|PUT /contacts/\{id\}|POST /contactLists) 422: not described": "seen (section 3)",
    r"(GET|PUT) /fields/\{id\} 404: not described": "recorded (section 7.1)",
    r"POST /contact/sync 201: contact\.(firstName|lastName|phone) is missing": "only what was sent comes back",
    r"\w+ /contact\S* 20[01]: (contact\.)?fieldValues is missing": "only where values were sent",
    r"POST /fields 201: (fieldOptions|fieldRels|fields|meta) is missing": "the recorded answer is one field (D12)",
    r"POST /import/bulk_import 200: Success is missing": "recorded in lower case (section 10.1)",
    r"GET /import/info 200: status is a flag": "false at first (section 10.2)",
    r"\w+ /\S+ 20[01]: (fieldRel\.(field|relid)|listGroup\.(list|group)|fieldValue\.(contact|field|owner)) is text": (
        _SENT_ALIKE
    ),
    r"PUT /fields/\{id\} 200: field\.\w+ is text": "flags and numbers are text in reads (section 2)",
    r"POST /\w+ sent (contactTag|contactList|fieldRel|fieldValue|groupMember|listGroup)\.\w+ is (text|a number)": (
        _SENT_ALIKE
    ),
    r"POST /groupMembers sent groupMember\.ordernum is null": "as in the description's own sample",
    r"POST /fieldOption/bulk sent (field|value|label) is missing": "described as one option; its sample has an array",
    r"POST /fieldOption/bulk 201: fieldOptions\.(isdefault|orderid) is missing": "only where it was sent (section 7.2)",
}
"""Patterns of differences, and why they are right."""


def contradictions(response: httpx.Response) -> list[str]:
    """Return how a request and its answer differ from the description, apart from what is known."""
    return [found for found in differences(response) if not any(re.fullmatch(known, found) for known in KNOWN)]


def differences(response: httpx.Response) -> list[str]:
    """Return all differences, each as `POST /contacts 201: contact.orgid is integer`."""
    request = response.request
    operation = _operation(request.method, request.url.path)
    if operation is None:
        return []
    described = OPERATIONS[operation]
    found = [f"?{name}: not described" for name in request.url.params if not _is_described(name, described)]
    if "request" in described and response.status_code < 400 and request.content:
        found += _compared(described["request"], json.loads(request.content), "sent ")
    status = str(response.status_code)
    if status not in described["responses"]:
        found.append(f"{status}: not described")
    elif response.content:
        schema = _complete(described["responses"][status]) if response.status_code < 300 else {}
        found += _compared(schema, response.json(), f"{status}: ")
    return [f"{operation} {difference}" for difference in found]


def _operation(method: str, path: str) -> str | None:
    """Return the operation a request is for; fixed paths win over those with an id."""
    below = path.partition("/api/3")[2]
    fitting = [
        operation
        for operation in OPERATIONS
        if re.fullmatch(method + " " + re.sub(r"\{\w+\}", "[^/]+", operation.partition(" ")[2]), f"{method} {below}")
        and operation.startswith(method)
    ]
    return min(fitting, key=lambda operation: operation.count("{"), default=None)


def _is_described(name: str, described: Mapping[str, Any]) -> bool:
    """Whether a parameter of the query is known; paging is described once for all (reference, section 5)."""
    if re.fullmatch(r"limit|offset|ids\[\]", name):
        return True
    return any(
        re.fullmatch(re.escape(known).replace("<operator>", r"\w+"), name) for known in described.get("query", ())
    )


def _complete(schema: Any) -> Any:
    """Return a schema that asks for every key it describes."""
    if not isinstance(schema, dict):
        return schema
    complete = {key: _complete(value) for key, value in schema.items() if key != "properties"}
    if "properties" in schema:
        complete["properties"] = {name: _complete(value) for name, value in schema["properties"].items()}
        complete["required"] = list(schema["properties"])
    return complete


def _compared(schema: Any, value: object, where: str) -> Iterator[str]:
    return (f"{where}{difference}" for error in _errors(schema, value) for difference in _told(error))


def _errors(schema: Any, value: object) -> list[ValidationError]:
    return sorted(Draft202012Validator(schema).iter_errors(value), key=lambda error: error.json_path)


def _told(error: ValidationError) -> list[str]:
    place = ".".join(str(part) for part in error.absolute_path if not isinstance(part, int))
    if error.validator == "required":
        name = re.match(r"'(.+?)' is a required", error.message)
        return [f"{place}.{name[1] if name else '?'} is missing".lstrip(".")]
    return [f"{place or 'the whole'} is {_KINDS.get(type(error.instance), 'something else')}"]


_KINDS = {
    type(None): "null",
    str: "text",
    int: "a number",
    float: "a number",
    bool: "a flag",
    list: "a list",
    dict: "an object",
}
