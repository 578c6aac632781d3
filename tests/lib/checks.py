"""Runs named checks and prints what came of each: the lines that suites.py counts and compatibility.py reads."""

import functools
import sys
import traceback

# The format of the provider behind Portolan; each has a model of its own, see world.py.
FAMILIES = ("openai", "openai-responses", "anthropic", "gemini")


def same(found, expected):
    """Fails with both values when they differ."""
    assert found == expected, f"expected {expected!r}, found {found!r}"


def named(client, each_family=(), once=(), families=FAMILIES):
    """Functions with their names: those that take a family once for each of them, the others as they are."""
    for check in each_family:
        for family in families:
            yield f"{client}/{check.__name__}/{family}", functools.partial(check, family)
    for check in once:
        yield f"{client}/{check.__name__}", check


def run(checks):
    """Runs the checks whose name contains the word on the command line, all without one; returns the exit code.

    A run in which nothing was checked has failed.
    """
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    passed, failed = 0, 0
    for name, check in checks:
        if wanted not in name:
            continue
        try:
            check()
            passed += 1
            print(f"ok {name}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {name}", flush=True)
            traceback.print_exc()
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0
