"""What a plan costs: processor instructions, counted and bounded; wall time, printed.

    cost.py

Builds `crates/domain/examples/planning.rs` optimised and runs it under callgrind with two numbers of plans; the difference is
what the plans took, free of the start of the program. Counting does not depend on what else the machine does, so a bound can
be close; times do, so they are shown next to their aim and never judged. A plan that has become dearer on purpose raises its
bound here, in the commit that says why; the figures stand in docs/performance.md.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "planning" / "examples" / "planning"
# Case, instructions per plan that are allowed, plans that are counted, plans that are timed, the aim in microseconds.
CASES = (
    ("endpoints", 100_000, 100, 20_000, 10),
    ("auto", 3_200_000, 10, 400, 1_000),
)
TITLES = {"endpoints": "a model with 30 endpoints", "auto": "openrouter/auto over the catalogue"}
COLLECTED = re.compile(r"Collected : (\d+)")
ROUNDS = 5


def run(arguments):
    """Runs a program to its good end and returns everything that it printed."""
    done = subprocess.run(
        arguments, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}\n{done.stdout}")
    return done.stdout


def planned(case, times):
    """The program with its arguments."""
    return [BUILT, ROOT / "catalog", case, str(times)]


def instructions(case, times):
    """Instructions per plan."""

    def counted(number):
        text = run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *planned(case, number)])
        return int(COLLECTED.search(text).group(1))

    # The first plans fill the allocator's lists.
    return (counted(times + 10) - counted(10)) / times


def microseconds(case, times):
    """Wall time and processor time per plan, of the best of five rounds each."""

    def used():
        return time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime

    def timed(number):
        before = used()
        run(planned(case, number))
        return [after - start for start, after in zip(before, used())]

    def best(number):
        return [min(column) for column in zip(*(timed(number) for _ in range(ROUNDS)))]

    return [max(0.0, plans - start) / times * 1e6 for start, plans in zip(best(0), best(times))]


def main():
    if not shutil.which("valgrind"):
        sys.exit("valgrind is missing: make test installs it")
    run(["cargo", "build", "--locked", "--quiet", "--profile", "planning", "-p", "domain", "--example", "planning"])
    failed = 0
    print(f"{'plan':<36}{'instructions':>14}{'bound':>12}{'wall µs':>10}{'CPU µs':>10}{'aim':>8}")
    for case, bound, counted, timed, aim in CASES:
        cost = instructions(case, counted)
        wall, cpu = microseconds(case, timed)
        print(f"{TITLES[case]:<36}{cost:>14,.0f}{bound:>12,}{wall:>10.1f}{cpu:>10.1f}{aim:>8,}", flush=True)
        if not 0 < cost <= bound:
            failed += 1
            print(f"{TITLES[case]}: {cost:,.0f} instructions per plan, {bound:,} are allowed")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
