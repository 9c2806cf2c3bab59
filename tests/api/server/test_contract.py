"""The contract: requests made up from the served document are answered as it says, never by 5xx."""

import json
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.document.common_parts import MAY_BE
from api.openapi_file import FILE
from tests.api.conftest import KEY
from tests.api.documented import committed
from tests.volume import FULL, examples


def known_refusal(
    _: schemathesis.CheckContext, answer: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """Refuse a 4xx of which neither the operation nor the range that it names tells."""
    if 400 <= answer.status_code < 500:
        named = case.operation.definition.raw["responses"]
        assert str(answer.status_code) in named or answer.status_code in MAY_BE


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    known_refusal,
    content_type_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def one_line(_: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.deserializer("application/x-ndjson")
def first_line(_: schemathesis.DeserializationContext, answer: schemathesis.Response) -> Any:
    if answer.request.method == "GET":  # an export, which the document calls a text
        return answer.content.decode()
    return json.loads(answer.content.partition(b"\n")[0] or b"null")


SCHEMA = schemathesis.openapi.from_dict(orjson.loads(FILE.read_bytes()))
OPERATIONS = {
    each.ok().label: each.ok() for each in SCHEMA.get_all_operations() if isinstance(each, Ok)
}


GOING = {
    f"{method.upper()} {path}": {e["name"] for e in told["parameters"] if e.get("deprecated")}
    for path, operations in committed()["paths"].items()
    for method, told in operations.items()
}
"""Parameters of each operation that are deprecated."""


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_document_names(label: str, address: str) -> None:
    @settings(
        max_examples=examples(3),
        derandomize=not FULL,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def answers(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from(GenerationMode))
        case = data.draw(OPERATIONS[label].as_strategy(generation_mode=mode))
        case.query.pop("min_position", None)  # each would wait its five seconds for nothing
        for name in GOING[label].intersection(case.query):  # what they give is not described
            del case.query[name]
        headers = {"Authorization": f"Bearer {KEY}"}
        case.call_and_validate(base_url=address, headers=headers, checks=CHECKS, timeout=30)

    answers()
