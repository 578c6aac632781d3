"""The official Python SDKs against a running Portolan, one simulated provider of each family behind it.

PORTOLAN_URL, PORTOLAN_KEY, PORTOLAN_MANAGEMENT_KEY and PORTOLAN_SPENT_KEY come from the environment; with a word as
argument only the checks whose name contains it run. Exit code 1 when a check fails.
"""

import sys
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))

import with_anthropic
import with_completions
import with_openai
import with_openrouter
import with_responses
from checks import run

SUITES = (with_openai, with_responses, with_completions, with_openrouter, with_anthropic)

if __name__ == "__main__":
    sys.exit(run(chain.from_iterable(suite.checks() for suite in SUITES)))
