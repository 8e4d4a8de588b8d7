"""Requests made up from the OpenAPI: no fault, and no answer that it does not describe.

A few of each kind with every change, 2,000 in CI, many times that before a release: `make fuzz`.
"""

import json
import shutil
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lookalike.api.app import openapi
from serving import served

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
SCHEMA = schemathesis.openapi.from_dict(openapi())
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]
MADE_UP = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation.query or operation.body
]
LONG = 1000
LONGEST = 5000
"""Characters of a query: with a longer one the server hangs up before the client is done."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def server(album, tmp_path_factory):
    """A server of its own: what is made up is added, changed and deleted, too."""
    folder = tmp_path_factory.mktemp("made_up")
    shutil.copytree(album / ".lookalike", folder / ".lookalike")
    with served(folder) as running:
        yield running


def test_the_committed_document_is_current():
    assert json.loads(COMMITTED.read_text()) == openapi(), "run `make docs`"


@pytest.mark.parametrize(("operation", "mode"), MADE_UP)
def test_made_up_requests(server, operation, mode):
    ask(server, operation, mode, 4)


@pytest.mark.extra
@pytest.mark.parametrize(("operation", "mode"), MADE_UP)
def test_2000_made_up_requests(server, operation, mode):
    ask(server, operation, mode, -(-2000 // len(MADE_UP)))


@pytest.mark.campaign
@pytest.mark.parametrize(("operation", "mode"), MADE_UP)
def test_many_made_up_requests(server, operation, mode):
    ask(server, operation, mode, LONG)


def ask(server, operation, mode, most):
    @settings(
        max_examples=most,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a fault is shown as it is: making it smaller takes minutes
        deadline=None,
        derandomize=most < LONG,
    )
    @given(operation.as_strategy(generation_mode=mode))
    def each(case):
        assume(len(f"{case.query}{case.path_parameters}") < LONGEST)
        case.call_and_validate(base_url=f"http://{server.host}:{server.port}", checks=CHECKS)

    each()
