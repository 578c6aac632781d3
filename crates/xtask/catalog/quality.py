#!/usr/bin/env python3
"""Rates the models of the catalogue by a public benchmark: writes `quality` into catalog/models/*.json; no network.

    quality.py --livebench FOLDER

FOLDER is the `public` folder of LiveBench's leaderboard (github.com/LiveBench/new-livebench): a table of raw scores and a list
of categories per release. The score of a row is the mean of its category means, as the leaderboard shows it. quality.json names
the releases and says which rows are which model; docs/catalogue.md says how a score becomes a tier.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TIERS = ("low", "medium", "high")


def main():
    """Reads, rates, writes, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--livebench", type=Path, required=True, help="folder with table_DATE.csv and categories_DATE.json")
    folder = parser.parse_args().livebench
    curated = json.loads((Path(__file__).parent / "quality.json").read_text(encoding="utf-8"))
    tables = {release: _scores(folder, release) for release in curated["comparable"] + curated["earlier"]}
    known = {row for table in tables.values() for row in table}
    for ident, rows in curated["models"].items():
        for row in rows:
            if row not in known:
                sys.exit(f"{ident}: no release has a row {row!r}")
    found = {ident: _best(rows, tables, curated["comparable"]) for ident, rows in curated["models"].items()}
    found = {ident: best for ident, best in found.items() if best}
    ranked = sorted(score for _, score, _ in found.values())
    bounds = [ranked[len(ranked) * part // 3] for part in (1, 2)]
    rated = {ident: _quality(TIERS[sum(score >= bound for bound in bounds)], *best) for ident, best in found.items() for score in [best[1]]}
    for ident, rows in curated["models"].items():
        best = None if ident in rated else _best(rows, tables, curated["earlier"])
        # The same model scores less from release to release, so this score is the most it would have now.
        if best and best[1] < bounds[0]:
            rated[ident] = _quality("low", *best)
    _write(rated)
    counts = {tier: sum(one["tier"] == tier for one in rated.values()) for tier in TIERS}
    print(f"{len(rated)} models rated: {counts}; medium from {bounds[0]:.2f}, high from {bounds[1]:.2f}")
    for ident in sorted(set(curated["models"]) - set(rated)):
        print(f"not rated: {ident}")


def _scores(folder, release):
    """Row to score of one release; rows that lack a task have none."""
    stamp = release.replace("-", "_")
    categories = json.loads((folder / f"categories_{stamp}.json").read_text(encoding="utf-8"))
    scores = {}
    with (folder / f"table_{stamp}.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            tasks = [[row.get(task) for task in names] for names in categories.values()]
            if all(score not in (None, "") for names in tasks for score in names):
                means = [sum(map(float, names)) / len(names) for names in tasks]
                scores[row["model"]] = sum(means) / len(means)
    return scores


def _best(rows, tables, releases):
    """The best row of the newest release that has any of them: the model at the effort that suits it."""
    for release in releases:
        here = [(tables[release][row], row) for row in rows if row in tables[release]]
        if here:
            score, row = max(here)
            return release, score, row
    return None


def _quality(tier, release, score, row):
    return {"tier": tier, "source": f"LiveBench release {release}, mean of the categories {score:.2f}, row {row}", "date": release}


def _write(rated):
    seen = set()
    for path in sorted((ROOT / "catalog" / "models").glob("*.json")):
        models = json.loads(path.read_text(encoding="utf-8"))
        for at, model in enumerate(models):
            fields = {name: value for name, value in model.items() if name != "quality"}
            models[at] = {}
            for name, value in fields.items():
                if name == "source" and fields["id"] in rated:
                    models[at]["quality"] = rated[fields["id"]]
                    seen.add(fields["id"])
                models[at][name] = value
        path.write_text(json.dumps(models, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if seen != set(rated):
        sys.exit(f"the catalogue lacks {sorted(set(rated) - seen)}")


if __name__ == "__main__":
    main()
