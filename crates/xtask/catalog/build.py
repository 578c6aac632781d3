#!/usr/bin/env python3
"""Writes catalog/models/*.json and catalog/mapping.json from downloaded public source files; no network, same input same output.

catalog/providers.json is kept by hand. See docs/catalogue.md for where to get the source files.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import endpoints  # noqa: E402
import page  # noqa: E402
import prices  # noqa: E402
import seeds as seeding  # noqa: E402
import sources as reading  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
MODEL_FIELDS = (
    "id", "canonical_slug", "name", "created", "description", "context_length", "max_completion_tokens", "input_modalities", "output_modalities",
    "supported_parameters", "tokenizer", "instruct_type", "hugging_face_id", "knowledge_cutoff", "expiration_date", "reasoning", "source", "date",
)
NULLABLE = ("max_completion_tokens", "instruct_type")


@dataclass
class Sources:
    """The parsed source files, with the words each is cited by."""

    litellm: dict
    models_dev: dict
    listed: dict
    ids: list
    labels: dict
    dates: dict
    today: str

    def cite(self, which, key=None, original=None):
        """Returns the citation of one entry of a source."""
        parts = [self.labels[which]]
        if key:
            parts.append(key)
        if original and str(original).startswith("http"):
            parts.append(str(original))
        return "; ".join(parts)

    def date(self, which):
        """Returns the day the source's figures are from."""
        return self.dates[which]


def main():
    """Reads the arguments, builds and writes."""
    args = _arguments()
    curated = json.loads((Path(__file__).parent / "curated.json").read_text(encoding="utf-8"))
    sources = Sources(
        litellm=reading.read_litellm(args.litellm),
        models_dev=reading.read_models_dev(args.models_dev),
        listed=reading.read_openrouter_list(args.openrouter_list),
        ids=reading.read_ids(args.openrouter_ids),
        labels={
            "litellm": f"PyPI litellm {args.litellm_version} price map",
            "models_dev": f"models.dev {args.models_dev_version}",
            "listed": "OpenRouter model list stored in models.dev (models.json)",
            "ids": "model ids of the OpenRouter TypeScript SDK (src/types/models.ts)",
        },
        dates={"litellm": args.litellm_date, "models_dev": args.models_dev_date, "listed": args.openrouter_list_date, "ids": args.openrouter_ids_date},
        today=args.today,
    )
    report = endpoints.Report()
    found_seeds = seeding.gather(sources, curated)
    seeding.tokenizers(found_seeds)
    served = endpoints.attach(found_seeds, sources, curated, report)
    models = [_model(found_seeds[ident], served[ident], curated) for ident in sorted(served) if _usable(found_seeds, served, ident)]
    _write(models, report, curated, args)
    print(f"{len(models)} models, {sum(len(model['endpoints']) for model in models)} endpoints")


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", required=True, help="model_prices_and_context_window*.json of the litellm wheel")
    parser.add_argument("--litellm-version", required=True)
    parser.add_argument("--litellm-date", required=True)
    parser.add_argument("--models-dev", required=True, help="checkout of the models.dev repository")
    parser.add_argument("--models-dev-version", required=True)
    parser.add_argument("--models-dev-date", required=True)
    parser.add_argument("--openrouter-list", required=True, help="an OpenRouter /models document")
    parser.add_argument("--openrouter-list-date", required=True)
    parser.add_argument("--openrouter-ids", required=True, help="src/types/models.ts of the OpenRouter TypeScript SDK")
    parser.add_argument("--openrouter-ids-date", required=True)
    parser.add_argument("--today", required=True, help="entries deprecated before this day are left out")
    parser.add_argument("--out", default=str(ROOT / "catalog"))
    parser.add_argument("--page", default=str(ROOT / "docs" / "catalogue.md"))
    return parser.parse_args()


def _usable(seeds, served, ident):
    seed = seeds[ident]
    if not seed.get("name") or not seed.get("context_length"):
        return False
    base = ident.partition(":")[0]
    return seed["variant"] != "free" or seed["served"] or base in served


def _model(seed, found, curated):
    if seed.get("max_completion_tokens"):
        seed["max_completion_tokens"] = min(seed["max_completion_tokens"], seed["context_length"])
    seed["description"] = seeding.described(seed, curated)
    model = {}
    for field in MODEL_FIELDS:
        if seed.get(field) is not None or field in NULLABLE:
            model[field] = seed.get(field)
    model["endpoints"] = [_endpoint(seed, endpoint, curated) for endpoint in found]
    return model


def _endpoint(seed, endpoint, curated):
    written = {field: endpoint[field] for field in ("provider", "upstream_id", "tag", "variant", "quantization", "region")}
    context = endpoint.get("context_length") or seed["context_length"]
    if endpoint.get("max_completion_tokens"):
        endpoint["max_completion_tokens"] = min(endpoint["max_completion_tokens"], context)
    for field in ("context_length", "max_completion_tokens"):
        if endpoint.get(field) and endpoint[field] != seed.get(field):
            written[field] = endpoint[field]
    if 0 < endpoint.get("max_prompt_tokens", 0) < seed["context_length"]:
        written["max_prompt_tokens"] = endpoint["max_prompt_tokens"]
    names = seed.get("supported_parameters", [])
    if endpoint["no_tools"] and "tools" in names:
        written["supported_parameters"] = [name for name in names if name not in ("tools", "tool_choice", "parallel_tool_calls")]
    written["price"] = prices.as_text(endpoint["price"])
    resold = tuple(curated["policy_unknown"].get(endpoint["provider"], ()))
    if resold and endpoint["upstream_id"].startswith(resold):
        written["data_policy"] = {"training": None, "retains_prompts": None, "retention_days": None, "zdr": None}
    if endpoint["provider"] in curated["implicit_caching"] and "input_cache_read" in written["price"]:
        written["supports_implicit_caching"] = True
    written["source"], written["date"] = endpoint["source"], endpoint["date"]
    return written


def _write(models, report, curated, args):
    out = Path(args.out)
    (out / "models").mkdir(parents=True, exist_ok=True)
    for old in sorted((out / "models").glob("*.json")):
        old.unlink()
    authors = {}
    for model in models:
        authors.setdefault(model["id"].split("/", 1)[0], []).append(model)
    for author, group in sorted(authors.items()):
        _dump(out / "models" / f"{author}.json", group)
    kept = {model["id"] for model in models}
    mapping = {name: {key: ident for key, ident in sorted(ties.items()) if ident in kept} for name, ties in report.matched.items()}
    mapping["providers"] = {
        "litellm": dict(sorted(curated["litellm_providers"].items())),
        "models.dev": dict(sorted({**curated["models_dev_providers"], "openrouter": "openrouter"}.items())),
    }
    _dump(out / "mapping.json", mapping)
    page.refresh(Path(args.page), models, report)


def _dump(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
