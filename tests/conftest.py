"""What all tests share: a missing tool skips a test, but fails it where tools are promised."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

REQUIRE_PEERS = "PYLINK86_REQUIRE_PEERS"
"""Environment: 1 where every peer tool must be there, so that no comparison is lost unseen."""

NOT_PROMISED = ("rustc", "cargo")
"""Tools that come in no package of the right version; what needs them may always be skipped."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if os.environ.get(REQUIRE_PEERS) != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if "install" in reason and not any(tool in reason for tool in NOT_PROMISED):
        report.outcome = "failed"
        report.longrepr = f"{REQUIRE_PEERS}=1, but the test was skipped: {reason}"
    return report


# How fast examples come depends on the machine and what else it does; laws are about results.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")
