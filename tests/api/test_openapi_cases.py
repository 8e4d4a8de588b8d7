"""Requests made up from the OpenAPI: no fault, and no answer that it does not describe."""

import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lookalike.api.app import openapi

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
SCHEMA = schemathesis.openapi.from_dict(openapi())
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]
MADE_UP = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation.query or operation.body
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_the_committed_document_is_current():
    assert json.loads(COMMITTED.read_text()) == openapi(), "run `make docs`"


@pytest.mark.parametrize(("operation", "mode"), MADE_UP)
def test_made_up_requests(server, operation, mode):
    ask(server, operation, mode, 25)


@pytest.mark.campaign
@pytest.mark.parametrize(("operation", "mode"), MADE_UP)
def test_many_made_up_requests(server, operation, mode):
    ask(server, operation, mode, 1000)


def ask(server, operation, mode, most):
    @settings(max_examples=most, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def each(case):
        case.call_and_validate(base_url=f"http://{server.host}:{server.port}", checks=CHECKS)

    each()
