"""Fills the generated tables of docs/catalogue.md: the part between two marker comments."""

BEGIN = "<!-- generated: findings -->"
END = "<!-- end generated -->"
PAIRS = ("model", "endpoint", "price map", "models.dev", "OpenRouter", "median of other hosts", "price map key", "models.dev file")


def refresh(path, models, report):
    """Replaces the generated part of the page; a page without the markers is left alone."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        return
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    path.write_text(head + BEGIN + "\n" + _findings(report) + END + tail, encoding="utf-8")


def _findings(report):
    parts = [
        "\n### Refused: above 1000 USD per million tokens, or negative\n",
        _table(("source key", "reason"), report.refused),
        "\n### Dropped: two sources differ by more than 3 × and neither OpenRouter nor the other hosts agree with the price map\n",
        "Prices are USD per million tokens, prompt / completion.\n",
        _table(PAIRS, report.dropped),
        "\n### Settled: two sources differ by more than 3 ×, OpenRouter or the other hosts agree with the price map, which is kept\n",
        _table(PAIRS, report.settled),
        "\n### Dropped: more than 10 × away from the median of the model's endpoints\n",
        _table(("model", "endpoint", "kind", "figure", "median", "source key"), report.outliers),
        "\n### Left out: price 0 without being a free variant\n",
        "A price of 0 outside `:free` mostly means that the source knows none, or a plan without metering.\n",
        _table(("provider", "entries"), sorted(report.zero.items())),
        "\n### Left out: served, but not through chat completions (Responses API and the like)\n",
        _table(("model", "providers"), _grouped(report.elsewhere)),
        "\n### Left out: retired by their author before the build day\n",
        ", ".join(f"`{ident}`" for ident in report.retired) + "\n\n",
    ]
    return "\n".join(parts)


def _grouped(pairs):
    groups = {}
    for ident, provider in pairs:
        groups.setdefault(ident, set()).add(provider)
    return [(ident, ", ".join(sorted(providers))) for ident, providers in groups.items()]


def _table(columns, rows):
    if not rows:
        return "none\n"
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in sorted(set(rows))]
    return "\n".join(lines) + "\n"
