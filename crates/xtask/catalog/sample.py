#!/usr/bin/env python3
"""Picks catalogue prices at random (seeded) and prints each beside the raw text of its source, for checking by eye.

It shares no code with the build: source lines are cut out of the files as text.
"""

import argparse
import json
import random
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3] / "catalog"
PRICE_MAP_FIELDS = {
    "prompt": "input_cost_per_token", "completion": "output_cost_per_token", "input_cache_read": "cache_read_input_token_cost",
    "input_cache_write": "cache_creation_input_token_cost", "input_cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "internal_reasoning": "output_cost_per_reasoning_token", "image_token": "input_cost_per_image_token",
    "image_output": "output_cost_per_image_token", "audio": "input_cost_per_audio_token", "audio_output": "output_cost_per_audio_token",
    "input_audio_cache": "cache_read_input_audio_token_cost", "web_search": "search_context_size_medium",
}
TOML_FIELDS = {
    "prompt": "input", "completion": "output", "input_cache_read": "cache_read", "input_cache_write": "cache_write",
    "internal_reasoning": "reasoning", "audio": "input_audio", "audio_output": "output_audio",
}


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", required=True)
    parser.add_argument("--models-dev", required=True)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--count", type=int, default=50)
    args = parser.parse_args()
    price_map = Path(args.litellm).read_text(encoding="utf-8")
    candidates = []
    for path in sorted((ROOT / "models").glob("*.json")):
        for model in json.loads(path.read_text(encoding="utf-8")):
            for endpoint in model["endpoints"]:
                kinds = [kind for kind, text in endpoint["price"].items() if kind != "overrides" and text != "0"]
                candidates += [(model["id"], endpoint, kind) for kind in kinds if (endpoint["provider"], kind) != ("openrouter", "web_search")]
    print("| model | endpoint | kind | source key | source text | ours |\n|---|---|---|---|---|---|")
    for ident, endpoint, kind in random.Random(args.seed).sample(candidates, args.count):
        key = endpoint["source"].split("; ")[1]
        if "price map" in endpoint["source"]:
            raw = _from_price_map(price_map, key, kind)
        else:
            raw = _from_toml(Path(args.models_dev) / key, kind)
        print(f"| {ident} | {endpoint['tag']} | {kind} | `{key}` | `{raw}` | {endpoint['price'][kind]} |")


def _from_price_map(text, key, kind):
    start = text.index(f'"{key}": {{')
    block = text[start : text.index("\n    }", start)]
    found = re.search(rf'"{PRICE_MAP_FIELDS[kind]}": ?([^,}}\n]+)', block)
    return f"{PRICE_MAP_FIELDS[kind]}: {found.group(1)}" if found else "absent"


def _from_toml(path, kind):
    text = path.read_text(encoding="utf-8")
    block = text[text.index("[cost]") :]
    found = re.search(rf"^{TOML_FIELDS.get(kind, kind)} *= *(\S+)", block, re.MULTILINE)
    return f"{TOML_FIELDS.get(kind, kind)} = {found.group(1)}" if found else "absent"


if __name__ == "__main__":
    main()
