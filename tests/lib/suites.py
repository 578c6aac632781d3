"""Runs every test suite, prints what each said and how long it took, and a table at the end.

    suites.py [--full] [--only NAME]

A suite that cannot run has failed. Output of each suite also goes to target/tests/NAME.log. The exit code tells whether
everything passed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import compatibility
from world import BINARY, BUILT, ROOT, Trio, World, simulator

LOGS = ROOT / "target" / "tests"
PYTHON = sys.executable
SUITE_SECONDS = 45 * 60
ONE_LINE = re.compile(r"^(\d+) passed, (\d+) failed", re.MULTILINE)
NEXTEST = re.compile(r"Summary \[.*?\] +\d+(?:/\d+)? tests? run: (\d+) passed(?: \([^)]*\))?(?:, (\d+) failed)?(?:, (\d+) timed out)?(?:, (\d+) skipped)?")
CARGO = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed", re.MULTILINE)
NODE = re.compile(r"^# (pass|fail|cancelled) (\d+)", re.MULTILINE)


@dataclass
class Result:
    """What a suite came to."""

    name: str
    passed: int
    failed: int
    seconds: float


class Runner:
    """The suites and what they share."""

    def __init__(self, full, only=None):
        self.full = full
        self.only = only
        self.results = []
        self.database = None

    def run(self, name, suite):
        print(f"\n== {name}", flush=True)
        LOGS.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        try:
            passed, failed = suite(LOGS / f"{name}.log")
        except Exception:
            traceback.print_exc()
            passed, failed = 0, 1
        # A suite in which nothing ran has not shown anything.
        failed = failed or int(passed == 0)
        seconds = time.monotonic() - started
        self.results.append(Result(name, passed, failed, seconds))
        print(f"== {name}: {passed} passed, {failed} failed in {seconds:.0f} s", flush=True)

    def report(self):
        total = sum(result.seconds for result in self.results)
        print(f"\n{'suite':<22}{'passed':>8}{'failed':>8}{'seconds':>9}")
        for result in self.results:
            print(f"{result.name:<22}{result.passed:>8}{result.failed:>8}{result.seconds:>9.1f}")
        passed = sum(result.passed for result in self.results)
        failed = sum(result.failed for result in self.results)
        print(f"{'all':<22}{passed:>8}{failed:>8}{total:>9.1f}\n{passed} passed, {failed} failed")
        return 1 if failed else 0


def execute(log, arguments, pattern=ONE_LINE, **environment):
    """Runs a program, shows its output, and returns what it printed and its exit code."""
    env = {**os.environ, **environment}
    with open(log, "a", encoding="utf-8") as out:
        child = subprocess.Popen(
            [str(argument) for argument in arguments], cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )
        lines = []
        limit = threading.Timer(SUITE_SECONDS, child.kill)
        limit.start()
        for line in child.stdout:
            out.write(line)
            lines.append(line)
            sys.stdout.write(line)
        code = child.wait()
        limit.cancel()
    return "".join(lines), code, pattern


def counted(text, code, pattern):
    """Passed and failed from a program's output; a bad exit code without a failed test is a failure too."""
    if pattern is NODE:
        found = {word: int(number) for word, number in pattern.findall(text)}
        passed, failed = found.get("pass", 0), found.get("fail", 0) + found.get("cancelled", 0)
    else:
        rows = pattern.findall(text)
        passed = sum(int(row[0]) for row in rows)
        failed = sum(int(number or 0) for row in rows for number in row[1:3])
    return passed, failed or int(code != 0)


def fresh(log):
    log.write_text("", encoding="utf-8")
    return log


def settled(world, failed):
    """Keeps what a failed suite left behind, and says where."""
    if failed:
        print(f"logs and data of the server: {world.folder}")
    else:
        world.discard()


def rust(runner):
    """Unit, property, contract and integration tests of all crates, the store's contract on both engines."""

    def suite(log):
        fresh(log)
        environment = {"PORTOLAN_TEST_POSTGRES": runner.database or "", "PORTOLAN_TEST_REQUIRE_POSTGRES": "1", "INSTA_UPDATE": "no"}
        if shutil.which("cargo-nextest"):
            arguments, pattern = ["cargo", "nextest", "run", "--workspace", "--all-targets", "--locked", "--no-fail-fast", "--color", "never", "--status-level", "fail", "--final-status-level", "fail"], NEXTEST
        else:
            arguments, pattern = ["cargo", "test", "--workspace", "--all-targets", "--locked", "--no-fail-fast"], CARGO
        return counted(*execute(log, arguments, pattern, **environment))

    return suite


def doc_tests(log):
    return counted(*execute(fresh(log), ["cargo", "test", "--workspace", "--doc", "--locked"], CARGO))


def planning(log):
    """What a plan costs, in instructions."""
    return counted(*execute(fresh(log), [PYTHON, "tests/planning/cost.py"]))


def simulator_check(log):
    """The official provider SDKs talking to the simulator itself."""
    fresh(log)
    with tempfile.TemporaryDirectory(prefix="portolan-test-") as folder:
        process, address = simulator(folder, "simulator")
        try:
            return counted(*execute(log, [PYTHON, "tests/simulator/check.py"], SIMULATOR_URL=address))
        finally:
            process.stop()


def outbound(log):
    """Our requests to providers against those of their official SDKs."""
    return counted(*execute(fresh(log), [PYTHON, "tests/official/outbound.py"]))


def sdk(runner, program, *, on_postgres=False):
    """An SDK suite against a server of its own; afterwards the books must agree."""

    def suite(log):
        fresh(log)
        if on_postgres and not runner.database:
            raise RuntimeError("no PostgreSQL to run on")
        with Trio(database=runner.database if on_postgres else None) as world:
            passed, failed = counted(*execute(log, program, **world.environment()))
            # `verify` ends with an error when the books disagree.
            print(world.command("verify"))
        settled(world, failed)
        return passed + 1, failed

    return suite


def resilience(runner):
    """Live answers through the official SDKs while their providers are killed and come back."""

    def suite(log):
        seconds = 60 if runner.full else 8
        return counted(*execute(fresh(log), [PYTHON, "tests/resilience/dying.py", "--seconds", seconds]))

    return suite


def browser(log):
    """A person's way through a fresh server's console, every page against prepared data, and what its settings do to requests."""
    fresh(log)
    pictures = ROOT / "target" / "screenshots"
    pictures.mkdir(parents=True, exist_ok=True)
    with World() as world:
        environment = {"PORTOLAN_SETUP_URL": world.setup_link, "PORTOLAN_SCREENSHOTS": str(pictures)}
        journey = counted(*execute(log, ["node", "--test", "--test-reporter=tap", "tests/browser/journey.test.mjs"], NODE, **environment))
    settled(world, journey[1])
    more = ["tests/browser/pages.test.mjs", "tests/browser/rules.test.mjs"]
    pages = counted(*execute(log, ["node", "--test", "--test-concurrency=1", "--test-reporter=tap", *more], NODE, PORTOLAN_TEST_BINARY=BINARY))
    return journey[0] + pages[0], journey[1] + pages[1]


def chaos(runner):
    """Kills the server at random moments and compares what clients and providers saw with the books."""

    def suite(log):
        plan = "full" if runner.full else "quick"
        _, code, _ = execute(fresh(log), [BUILT / "xtask", "chaos", "--plan", plan, "--binary", BINARY])
        return int(code == 0), int(code != 0)

    return suite


def chaos_self_test(log):
    """The same kills against servers with a known defect, each of which must be noticed."""
    _, code, _ = execute(fresh(log), [BUILT / "xtask", "chaos", "self-test"])
    return int(code == 0), int(code != 0)


def compatibility_table(log):
    """docs/compatibility.md against the checks that have just run."""
    fresh(log)
    return compatibility.check()


def postgres_start(folder):
    done = subprocess.run(
        ["tests/postgres.sh", "start", folder], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=600, check=False
    )
    if done.returncode != 0:
        print("PostgreSQL did not start: the suites that need it will fail", flush=True)
        return None
    return done.stdout.strip().splitlines()[-1]


def suites(runner):
    """Name and suite, in the order in which they run."""
    yield "rust", rust(runner)
    yield "doc-tests", doc_tests
    yield "planning", planning
    yield "simulator", simulator_check
    yield "outbound", outbound
    yield "sdk-python", sdk(runner, [PYTHON, "tests/sdk/python/run.py"])
    yield "sdk-node", sdk(runner, ["node", "tests/sdk/node/run.mjs"])
    yield "agents", sdk(runner, [PYTHON, "tests/agents/run.py"])
    yield "sdk-python-postgres", sdk(runner, [PYTHON, "tests/sdk/python/run.py"], on_postgres=True)
    if not runner.only:
        yield "compatibility", compatibility_table
    yield "resilience", resilience(runner)
    yield "browser", browser
    if (ROOT / "crates" / "xtask" / "src" / "chaos").is_dir():
        yield "chaos", chaos(runner)
        if runner.full:
            yield "chaos-self-test", chaos_self_test


def main():
    parser = argparse.ArgumentParser(description="Runs every test suite.")
    parser.add_argument("--full", action="store_true", help="the long forms")
    parser.add_argument("--only", metavar="NAME", help="one suite")
    options = parser.parse_args()
    if not Path(BINARY).exists():
        sys.exit(f"{BINARY} is missing: cargo build --workspace --all-targets")
    runner = Runner(options.full, options.only)
    # PostgreSQL runs as a user of its own, which must be able to enter the folder.
    folder = tempfile.mkdtemp(prefix="portolan-postgres-")
    os.chmod(folder, 0o755)
    runner.database = postgres_start(folder)
    try:
        for name, suite in suites(runner):
            if options.only in (None, name):
                runner.run(name, suite)
    finally:
        stopped = subprocess.run(["tests/postgres.sh", "stop", folder], cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        if stopped.returncode == 0:
            # Files of another user, unless this one may do everything.
            shutil.rmtree(folder, ignore_errors=True)
    return runner.report()


if __name__ == "__main__":
    sys.exit(main())
