"""The table of docs/compatibility.md, made from what the suites printed: every "yes" names a check that ran and passed.

    compatibility.py [--write]

Suites print `ok CLIENT/CHECK/FAMILY` or `ok CLIENT/CHECK` for each check that passed; their output is kept in
target/tests. Without `--write` the page is compared with them: a "yes" that no check has shown is an error, a check that
the page does not name is only mentioned.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "target" / "tests"
PAGE = ROOT / "docs" / "compatibility.md"
BEGIN, END = "<!-- table begin -->\n", "<!-- table end -->\n"
FAMILIES = {"openai": "OpenAI chat", "openai-responses": "OpenAI Responses", "anthropic": "Anthropic", "gemini": "Gemini"}
# The column of checks that need one provider of any format.
ANY = "any"
# Suites by the name of their log, and what stands for them in the table.
SUITES = {"sdk-python": "Python", "sdk-node": "Node", "agents": "CLI"}
LINE = re.compile(r"^ok (\S[^/\n]*)/([^/\n]+)(?:/([^/\n]+))?$", re.MULTILINE)


def passed():
    """Families, or None for checks that know none, by suite, client and check."""
    found = {}
    for name, word in SUITES.items():
        log = LOGS / f"{name}.log"
        text = log.read_text(encoding="utf-8") if log.exists() else ""
        for client, check, family in LINE.findall(text):
            found.setdefault((word, client, check), set()).add(family or None)
    return found


def table(found):
    rows = [f"| client | what | {' | '.join(FAMILIES.values())} | {ANY} |\n", "|---|---" + "|---" * (len(FAMILIES) + 1) + "|\n"]
    for (word, client, check), families in sorted(found.items()):
        marks = ["yes" if family in families else "" for family in (*FAMILIES, None)]
        rows.append(f"| {client} ({word}) | {check.replace('_', ' ')} | {' | '.join(marks)} |\n")
    return "".join(rows)


def split(page):
    before, rest = page.split(BEGIN)
    old, after = rest.split(END)
    return before, old, after


def claims(rows):
    """Every "yes" of a table: client, what, and the column it stands in."""
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]
    return {(row[0], row[1], at) for row in cells for at, cell in enumerate(row) if cell == "yes"}


def check():
    """How many claims of the page a check has shown, and how many none has."""
    _, old, _ = split(PAGE.read_text(encoding="utf-8"))
    said, shown = claims(old), claims(table(passed()))
    for client, what, _ in sorted(said - shown):
        print(f"docs/compatibility.md says, and no check has shown: {client}: {what}")
    for client, what, _ in sorted(shown - said):
        print(f"shown, and missing in docs/compatibility.md: {client}: {what}")
    return len(said & shown), len(said - shown)


def main():
    if sys.argv[1:] == ["--write"]:
        before, _, after = split(PAGE.read_text(encoding="utf-8"))
        PAGE.write_text(before + BEGIN + table(passed()) + END + after, encoding="utf-8")
        return 0
    shown, unshown = check()
    print(f"{shown} passed, {unshown} failed")
    return 1 if unshown else 0


if __name__ == "__main__":
    sys.exit(main())
