#!/usr/bin/env python3
"""Checks the shipped catalogue against its rules and prints the counts; exits 1 with one line per broken rule."""

import json
import re
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3] / "catalog"
LIMIT = Decimal(1000)
LEAST = {"providers": 60, "models": 340, "free": 25, "rated": 100}
PLAIN = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]{1,9})?")
DAY = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
IDENT = re.compile(r"[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9._-]*(:(free|extended|thinking))?")
TOKENS = {
    "prompt", "completion", "input_cache_read", "input_cache_write", "input_cache_write_1h", "internal_reasoning",
    "image_token", "image_output", "audio", "audio_output", "input_audio_cache",
}
ITEMS = {"image", "request", "web_search"}
OVERRIDES = {"prompt", "completion", "input_cache_read", "input_cache_write", "input_cache_write_1h", "audio", "input_audio_cache"}
INPUTS = {"text", "image", "file", "audio", "video"}
OUTPUTS = {"text", "image", "embeddings", "audio", "video", "rerank", "decisions", "speech", "transcription"}
PARAMETERS = set(
    "temperature top_p top_k min_p top_a frequency_penalty presence_penalty repetition_penalty max_tokens max_completion_tokens logit_bias "
    "logprobs top_logprobs prediction seed response_format structured_outputs stop tools tool_choice parallel_tool_calls include_reasoning "
    "reasoning reasoning_effort web_search_options verbosity".split()
)
TIERS = {"low", "medium", "high"}
EFFORTS = {"max", "xhigh", "high", "medium", "low", "minimal", "none"}
QUANTIZATIONS = {None, "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"}
TOKENIZERS = set("Router Media Other GPT Claude Gemini Gemma Grok Cohere Nova Qwen Qwen3 Yi DeepSeek Mistral Llama2 Llama3 Llama4 PaLM RWKV".split())
STYLES = {"bearer", "x-api-key", "x-goog-api-key", "api-key", "none", "sigv4", "oauth"}
USAGE = {"stream_options", "always", "never"}

PROVIDER = {
    "slug", "name", "dialect", "base_url", "auth", "key_env", "privacy_policy_url", "terms_of_service_url", "status_page_url",
    "headquarters", "datacenters", "data_policy", "stops_billing_on_cancel", "quirks", "source", "date",
}
POLICY = {"training", "retains_prompts", "retention_days", "zdr"}
QUIRKS = {"max_tokens_field", "drop", "stream_usage", "reasoning_field", "developer_role", "forward_unknown", "tool_strict"}
MODEL = {"id", "name", "context_length", "max_completion_tokens", "input_modalities", "output_modalities", "supported_parameters", "tokenizer", "instruct_type", "source", "date", "endpoints"}
MODEL_MAY = {"canonical_slug", "created", "description", "hugging_face_id", "knowledge_cutoff", "expiration_date", "reasoning", "aliases", "quality"}
ENDPOINT = {"provider", "upstream_id", "tag", "variant", "quantization", "region", "price", "source", "date"}
ENDPOINT_MAY = {
    "context_length", "max_completion_tokens", "max_prompt_tokens", "supported_parameters", "input_modalities", "data_policy",
    "supports_implicit_caching", "effective_from",
}


class Check:
    """Collects broken rules."""

    def __init__(self):
        self.broken = []

    def that(self, holds, where, rule):
        """Notes the rule as broken unless it holds."""
        if not holds:
            self.broken.append(f"{where}: {rule}")

    def fields(self, value, must, may, where):
        """Checks the field names of an object, both ways."""
        self.that(must <= set(value), where, f"lacks {sorted(must - set(value))}")
        self.that(set(value) <= must | may, where, f"unknown {sorted(set(value) - must - may)}")

    def cited(self, value, where):
        """Checks source and date."""
        self.that(isinstance(value.get("source"), str) and len(value["source"]) > 5, where, "no source")
        self.that(DAY.fullmatch(str(value.get("date"))) is not None, where, "no date")

    def whole(self, value, where, rule):
        """Checks a positive whole number."""
        self.that(isinstance(value, int) and not isinstance(value, bool) and value > 0, where, rule)


def main():
    """Reads, checks, prints."""
    check = Check()
    providers = _read(ROOT / "providers.json")
    slugs = _providers(check, providers)
    models = []
    for path in sorted((ROOT / "models").glob("*.json")):
        group = _read(path)
        check.that(bool(group), path.name, "is empty")
        check.that([one["id"] for one in group] == sorted(one["id"] for one in group), path.name, "is not sorted")
        for model in group:
            check.that(model["id"].startswith(path.stem + "/"), model["id"], f"stands in {path.name}")
        models += group
    for ident, times in Counter(model["id"] for model in models).items():
        check.that(times == 1, ident, "appears twice")
    for model in models:
        _model(check, model, slugs)
    _mapping(check, _read(ROOT / "mapping.json"), {model["id"] for model in models}, slugs)
    free = [model for model in models if model["id"].endswith(":free")]
    counts = {"providers": len(providers), "models": len(models), "free": len(free), "rated": sum("quality" in model for model in models)}
    for kind, least in LEAST.items():
        check.that(counts[kind] >= least, kind, f"{counts[kind]}, fewer than {least}")
    _print(counts, models)
    for line in check.broken:
        print(line, file=sys.stderr)
    return 1 if check.broken else 0


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)


def _once(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise SystemExit(f"a key appears twice in one object: {sorted(keys)}")
    return dict(pairs)


def _providers(check, providers):
    slugs = [provider["slug"] for provider in providers]
    check.that(slugs == sorted(set(slugs)), "providers.json", "slugs repeat or are not sorted")
    for provider in providers:
        where = f"provider {provider['slug']}"
        check.fields(provider, PROVIDER, {"headers"}, where)
        check.cited(provider, where)
        check.that(re.fullmatch(r"[a-z0-9][a-z0-9-]*", provider["slug"]) is not None, where, "slug spelling")
        url = provider["base_url"]
        local = url is not None and url.startswith("http://127.0.0.1:")
        check.that(url is None or url.startswith("https://") or local, where, "base_url is neither https nor loopback")
        check.that(url is None or not url.endswith("/"), where, "base_url ends in a slash")
        check.fields(provider["auth"], {"style", "header"}, set(), where)
        check.that(provider["auth"]["style"] in STYLES, where, "auth style")
        check.that(provider["auth"]["style"] == "none" or bool(provider["key_env"]), where, "no key variable")
        check.that(all(re.fullmatch(r"[A-Z0-9_]+", name) for name in provider["key_env"]), where, "key variable spelling")
        check.fields(provider["quirks"], QUIRKS, set(), where)
        check.that(provider["quirks"]["stream_usage"] in USAGE, where, "stream_usage")
        check.that(set(provider["quirks"]["drop"]) <= PARAMETERS, where, "drop names an unknown parameter")
        if provider["data_policy"] is not None:
            check.fields(provider["data_policy"], POLICY, set(), where)
    return set(slugs)


def _model(check, model, slugs):
    where = model["id"]
    check.fields(model, MODEL, MODEL_MAY, where)
    check.cited(model, where)
    check.that(IDENT.fullmatch(where) is not None, where, "id spelling")
    check.whole(model["context_length"], where, "context_length")
    if model["max_completion_tokens"] is not None:
        check.whole(model["max_completion_tokens"], where, "max_completion_tokens")
        check.that(model["max_completion_tokens"] <= model["context_length"], where, "max_completion_tokens is above the context")
    check.that(bool(model["input_modalities"]) and set(model["input_modalities"]) <= INPUTS, where, "input_modalities")
    check.that(bool(model["output_modalities"]) and set(model["output_modalities"]) <= OUTPUTS, where, "output_modalities")
    check.that(set(model["supported_parameters"]) <= PARAMETERS, where, "supported_parameters")
    check.that(model["tokenizer"] in TOKENIZERS, where, "tokenizer")
    check.that(len(model.get("description", "")) <= 200, where, "description is too long")
    if "expiration_date" in model:
        check.that(DAY.fullmatch(model["expiration_date"]) is not None, where, "expiration_date")
    if "reasoning" in model:
        check.fields(model["reasoning"], {"mandatory", "supports_max_tokens"}, {"supported_efforts"}, where)
        check.that(set(model["reasoning"].get("supported_efforts", [])) <= EFFORTS, where, "supported_efforts")
    if "quality" in model:
        check.fields(model["quality"], {"tier", "source", "date"}, set(), where)
        check.cited(model["quality"], f"quality of {where}")
        check.that(model["quality"]["tier"] in TIERS, where, "quality tier")
    check.that(bool(model["endpoints"]), where, "no endpoint")
    for tag, times in Counter(endpoint["tag"] for endpoint in model["endpoints"]).items():
        check.that(times == 1, where, f"tag {tag} appears {times} times")
    for endpoint in model["endpoints"]:
        _endpoint(check, model, endpoint, slugs)


def _endpoint(check, model, endpoint, slugs):
    where = f"{model['id']} at {endpoint['tag']}"
    check.fields(endpoint, ENDPOINT, ENDPOINT_MAY, where)
    check.cited(endpoint, where)
    check.that(endpoint["provider"] in slugs, where, f"unknown provider {endpoint['provider']}")
    check.that(endpoint["tag"].split("/", 1)[0] == endpoint["provider"], where, "tag does not start with the provider")
    check.that(bool(endpoint["upstream_id"]), where, "no upstream id")
    check.that(endpoint["quantization"] in QUANTIZATIONS, where, "quantization")
    for field in ("context_length", "max_completion_tokens", "max_prompt_tokens"):
        if field in endpoint:
            check.whole(endpoint[field], where, field)
    check.that(set(endpoint.get("supported_parameters", [])) <= PARAMETERS, where, "supported_parameters")
    if "data_policy" in endpoint:
        check.fields(endpoint["data_policy"], POLICY, set(), where)
    price = endpoint["price"]
    check.fields(price, {"prompt", "completion"}, TOKENS | ITEMS | {"overrides"}, where)
    _amounts(check, {kind: text for kind, text in price.items() if kind != "overrides"}, where)
    limits = [rule["min_prompt_tokens"] for rule in price.get("overrides", [])]
    check.that(limits == sorted(set(limits)) and all(limit > 0 for limit in limits), where, "thresholds repeat or are not sorted")
    for rule in price.get("overrides", []):
        check.fields(rule, {"min_prompt_tokens"}, OVERRIDES, where)
        check.that(len(rule) > 1, where, "an override changes nothing")
        _amounts(check, {kind: text for kind, text in rule.items() if kind != "min_prompt_tokens"}, where)
    amounts = {price["prompt"], price["completion"]}
    check.that(Decimal(price.get("input_cache_read", "0")) <= Decimal(price["prompt"]), where, "a cached token is dearer than a fresh one")
    check.that((amounts == {"0"}) == model["id"].endswith(":free"), where, "price 0 and :free must go together")
    if "embeddings" in model["output_modalities"]:
        check.that(price["completion"] == "0", where, "an embedding model bills completions")


def _amounts(check, price, where):
    for kind, text in price.items():
        check.that(isinstance(text, str) and PLAIN.fullmatch(text) is not None, where, f"{kind} {text!r} is no plain decimal")
        if kind in TOKENS and isinstance(text, str) and PLAIN.fullmatch(text):
            check.that(Decimal(text) <= LIMIT, where, f"{kind} {text} is above 1000 USD per million tokens")


def _mapping(check, mapping, idents, slugs):
    check.that(set(mapping) == {"litellm", "models.dev", "providers"}, "mapping.json", "sources")
    providers = mapping.pop("providers")
    check.that(set(providers) == set(mapping), "mapping.json", "sources of providers")
    for source, ties in providers.items():
        for name, slug in ties.items():
            check.that(slug in slugs, f"mapping {source} {name}", f"unknown provider {slug}")
    for source, ties in mapping.items():
        for key, ident in ties.items():
            check.that(ident in idents, f"mapping {source} {key}", f"unknown model {ident}")


def _print(counts, models):
    served = Counter(endpoint["provider"] for model in models for endpoint in model["endpoints"])
    several = sum(len({endpoint["provider"] for endpoint in model["endpoints"]}) > 1 for model in models)
    kinds = Counter(kind for model in models for endpoint in model["endpoints"] for kind in endpoint["price"])
    print(f"providers {counts['providers']}, models {counts['models']}, free variants {counts['free']}")
    print(f"endpoints {served.total()} at {len(served)} providers, models with several providers {several}")
    print(f"authors {len({model['id'].split('/', 1)[0] for model in models})}")
    tiers = Counter(model["quality"]["tier"] for model in models if "quality" in model)
    print(f"rated models {tiers.total()}: " + ", ".join(f"{tier} {tiers[tier]}" for tier in ("high", "medium", "low")))
    print(f"embedding models {sum('embeddings' in model['output_modalities'] for model in models)}")
    print("prices: " + ", ".join(f"{kind} {times}" for kind, times in sorted(kinds.items())))


if __name__ == "__main__":
    sys.exit(main())
