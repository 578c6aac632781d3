"""Coding agents without a person against a running Portolan, one simulated provider of each family behind it.

PORTOLAN_URL and PORTOLAN_KEY come from the environment; with a word as argument only the checks whose name contains it
run. Exit code 1 when a check fails.
"""

import sys
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import with_claude_code
import with_codex
from checks import run

if __name__ == "__main__":
    sys.exit(run(chain.from_iterable(suite.checks() for suite in (with_claude_code, with_codex))))
