"""schemathesis, briefly: whatever fits the schema, or nearly, gets an answer that the schema names.

The long form is scripts/fuzz_api.
"""

from typing import Any

import pytest

from .conftest import Client

schemathesis: Any = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from schemathesis.checks import CHECKS  # noqa: E402

# Bytes that are no photo fit the schema, which cannot say what a photo is, and are refused.
EXPECTED = ("positive_data_acceptance",)


def test_every_route_keeps_to_its_schema(client: Client) -> None:
    schema = schemathesis.openapi.from_url(client.url + "/openapi.json")
    checks = [c for c in CHECKS.get_all() if c.__name__ not in EXPECTED]
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=5,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        def check(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(checks=checks, timeout=30)

        check()
    assert asked > 60
