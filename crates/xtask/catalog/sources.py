"""Readers for the downloaded public source files; every figure stays an exact decimal."""

import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path


def read_litellm(path):
    """Returns the price map of the PyPI package `litellm`, key to entry."""
    with open(path, encoding="utf-8") as file:
        entries = json.load(file, parse_float=Decimal)
    entries.pop("sample_spec", None)
    return entries


def read_openrouter_list(path):
    """Returns the models of a stored OpenRouter `/models` document, id to model."""
    with open(path, encoding="utf-8") as file:
        models = json.load(file, parse_float=Decimal)["data"]
    return {model["id"]: model for model in models}


def read_ids(path):
    """Returns the model ids that an OpenRouter SDK type list names."""
    text = Path(path).read_text(encoding="utf-8")
    return sorted(set(re.findall(r"\| '([^'\s]+/[^'\s]+)'", text)))


def read_models_dev(root):
    """Returns provider to model id to entry from a models.dev checkout, `base_model` resolved."""
    root = Path(root)
    facts = {}
    for path in sorted((root / "models").rglob("*.toml")):
        facts[path.relative_to(root / "models").with_suffix("").as_posix()] = _toml(path)
    providers = {}
    for folder in sorted((root / "providers").iterdir()):
        models = folder / "models"
        if not models.is_dir():
            continue
        found = {}
        for path in sorted(models.rglob("*.toml")):
            if not path.exists():  # a link whose target the snapshot does not hold
                continue
            name = path.relative_to(models).as_posix().removesuffix(".toml")
            found[name] = _resolved(_toml(path), facts)
        providers[folder.name] = found
    return providers


def _toml(path):
    with open(path, "rb") as file:
        return tomllib.load(file, parse_float=Decimal)


def _resolved(entry, facts):
    base = entry.pop("base_model", None)
    if base is None:
        return entry
    merged = dict(facts[base])
    merged.update(entry)
    for table in ("limit", "modalities"):
        if table in entry:
            merged[table] = {**facts[base].get(table, {}), **entry[table]}
    for dotted in entry.get("base_model_omit", []):
        table, _, field = dotted.rpartition(".")
        target = merged.get(table, {}) if table else merged
        if isinstance(target, dict):
            target = dict(target)
            target.pop(field, None)
            if table:
                merged[table] = target
    return merged
