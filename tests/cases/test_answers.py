"""docs/linker-scripts.md says what is so: it is up to date, and the peers still answer as recorded.

scripts/generate-linker-scripts asks the peers and writes both anew.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .answers import PEERS, REFUSES, ask, explained_cases, program, recorded, version

ROOT = Path(__file__).parents[2]
INSTALL = {"GNU ld": "binutils", "LLD": "lld", "mold": "mold"}


def test_the_document_is_up_to_date() -> None:
    script = ROOT / "scripts" / "generate-linker-scripts"
    done = subprocess.run([sys.executable, str(script), "--check"], check=False)
    assert done.returncode == 0, "run scripts/generate-linker-scripts"


def test_every_explained_case_has_an_answer_of_every_peer() -> None:
    answers = recorded()["answers"]
    assert list(answers) == list(explained_cases())
    assert all(list(PEERS) == list(found) for found in answers.values())


@pytest.mark.peer
@pytest.mark.parametrize("peer", PEERS)
def test_recorded_answers_are_the_peers(peer: str) -> None:
    if program(peer) is None and peer == "mold":
        pytest.skip("mold is not here; its answers were recorded")
    if program(peer) is None:
        pytest.skip(f"needs {peer}: apt install {INSTALL[peer]}")
    record = recorded()
    same_version = record["versions"][peer] == version(peer)
    for name, case in explained_cases().items():
        then, now = record["answers"][name][peer], ask(peer, case)
        if same_version or not (then[0].startswith(REFUSES) and now[0].startswith(REFUSES)):
            assert now == then, name
