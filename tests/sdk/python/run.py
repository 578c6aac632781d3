"""The official Python SDKs against a running Portolan, one simulated provider of each family behind it.

PORTOLAN_URL, PORTOLAN_KEY, PORTOLAN_MANAGEMENT_KEY and PORTOLAN_SPENT_KEY come from the environment; with a word as
argument only the checks whose name contains it run. Exit code 1 when a check fails.
"""

import sys
import traceback

import with_anthropic
import with_completions
import with_openai
import with_openrouter
import with_responses


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    passed, failed = 0, 0
    for suite in (with_openai, with_responses, with_completions, with_openrouter, with_anthropic):
        for name, check in suite.checks():
            if wanted not in name:
                continue
            try:
                check()
                passed += 1
                print(f"ok {name}")
            except Exception:
                failed += 1
                print(f"FAILED {name}")
                traceback.print_exc()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
