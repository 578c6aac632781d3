"""Converts source figures into catalogue price texts: USD per million tokens, or USD per item."""

import re
from decimal import Decimal

MILLION = Decimal(1_000_000)
LIMIT = Decimal(1000)
GRAIN = Decimal("0.000000001")

LITELLM_TOKENS = (
    ("prompt", "input_cost_per_token"),
    ("completion", "output_cost_per_token"),
    ("input_cache_read", "cache_read_input_token_cost"),
    ("input_cache_write", "cache_creation_input_token_cost"),
    ("input_cache_write_1h", "cache_creation_input_token_cost_above_1hr"),
    ("internal_reasoning", "output_cost_per_reasoning_token"),
    ("image_token", "input_cost_per_image_token"),
    ("image_output", "output_cost_per_image_token"),
    ("audio", "input_cost_per_audio_token"),
    ("audio_output", "output_cost_per_audio_token"),
    ("input_audio_cache", "cache_read_input_audio_token_cost"),
)
LITELLM_ITEMS = (("request", "input_cost_per_request"),)
MODELS_DEV = (
    ("prompt", "input"),
    ("completion", "output"),
    ("input_cache_read", "cache_read"),
    ("input_cache_write", "cache_write"),
    ("internal_reasoning", "reasoning"),
    ("audio", "input_audio"),
    ("audio_output", "output_audio"),
)
OVERRIDE_KINDS = ("prompt", "completion", "input_cache_read", "input_cache_write", "input_cache_write_1h", "audio", "input_audio_cache")
ITEM_KINDS = ("image", "request", "web_search")


def text(value):
    """Returns a plain decimal text, at most nine decimals, at least two when there are any."""
    value = Decimal(value).quantize(GRAIN)
    plain = format(value, "f").rstrip("0").rstrip(".")
    whole, _, part = plain.partition(".")
    return f"{whole}.{part.ljust(2, '0')}" if part else (whole if whole == "0" else f"{whole}.00")


def from_litellm(entry):
    """Returns the price of a price-map entry as decimals by kind plus `overrides`, or None without a prompt price."""
    price = {}
    tiers = entry.get("tiered_pricing")
    if tiers and "range" in tiers[0] and "input_cost_per_token" not in entry:
        price, overrides = _tiers(tiers)
    else:
        for kind, field in LITELLM_TOKENS:
            if entry.get(field) is not None:
                price[kind] = Decimal(entry[field]) * MILLION
        overrides = _thresholds(entry)
    for kind, field in LITELLM_ITEMS:
        if entry.get(field):
            price[kind] = Decimal(entry[field])
    # input_cost_per_image restates the token price of one image; charging both would bill it twice.
    if entry.get("input_cost_per_image") and not price.get("prompt"):
        price["image"] = Decimal(entry["input_cost_per_image"])
    search = (entry.get("search_context_cost_per_query") or {}).get("search_context_size_medium")
    if search and entry.get("web_search_billing_unit", "query") in ("query", "search", "per_query"):
        price["web_search"] = Decimal(search)
    if overrides:
        price["overrides"] = overrides
    return _tidied(price)


def from_models_dev(entry):
    """Returns the price of a models.dev entry as decimals by kind, or None without a prompt price."""
    cost = entry.get("cost") or {}
    price = {kind: Decimal(cost[field]) for kind, field in MODELS_DEV if cost.get(field) is not None}
    overrides = [
        {
            "min_prompt_tokens": int(tier["tier"]["size"]),
            **{kind: Decimal(tier[field]) for kind, field in MODELS_DEV if kind in OVERRIDE_KINDS and tier.get(field) is not None},
        }
        for tier in cost.get("tiers", [])
    ]
    if overrides:
        price["overrides"] = overrides
    return _tidied(price)


def from_openrouter(entry):
    """Returns the price of an OpenRouter list entry as decimals by kind, or None without a prompt price."""
    price = {}
    for kind, value in entry["pricing"].items():
        if kind in ITEM_KINDS:
            price[kind] = Decimal(value)
        elif kind not in ("discount", "overrides"):
            price[kind] = Decimal(value) * MILLION
    return _tidied(price)


def refused(price):
    """Returns why a price cannot be used, or None: negative, or above 1000 USD per million tokens."""
    for kind, value in price.items():
        if kind == "overrides":
            continue
        if value < 0:
            return f"{kind} is negative"
        if kind not in ITEM_KINDS and value > LIMIT:
            return f"{kind} {text(value)} USD per million is above 1000"
    return None


def as_text(price):
    """Returns the price with every figure as text, in the order the catalogue writes them."""
    kinds = [kind for kind, _ in LITELLM_TOKENS] + ["image", "request", "web_search"]
    written = {kind: text(price[kind]) for kind in kinds if kind in price}
    if price.get("overrides"):
        written["overrides"] = [
            {"min_prompt_tokens": rule["min_prompt_tokens"], **{kind: text(rule[kind]) for kind in OVERRIDE_KINDS if kind in rule}}
            for rule in sorted(price["overrides"], key=lambda rule: rule["min_prompt_tokens"])
        ]
    return written


def _thresholds(entry):
    rules = {}
    for kind, field in LITELLM_TOKENS:
        if kind not in OVERRIDE_KINDS:
            continue
        for name, value in entry.items():
            found = re.fullmatch(re.escape(field) + r"_above_(\d+)k_tokens", name)
            if found and value is not None:
                rules.setdefault(int(found.group(1)) * 1000, {})[kind] = Decimal(value) * MILLION
    return [{"min_prompt_tokens": limit, **rule} for limit, rule in sorted(rules.items())]


def _tiers(tiers):
    steps = sorted(tiers, key=lambda tier: tier["range"][0])
    fields = {kind: field for kind, field in LITELLM_TOKENS if kind in ("prompt", "completion", "input_cache_read", "input_cache_write")}
    read = [{kind: Decimal(step[field]) * MILLION for kind, field in fields.items() if field in step} for step in steps]
    overrides = [{"min_prompt_tokens": int(step["range"][0]), **rule} for step, rule in zip(steps[1:], read[1:])]
    return read[0], overrides


def _tidied(price):
    if "prompt" not in price:
        return None
    price.setdefault("completion", Decimal(0))
    for kind in ("internal_reasoning",):
        if price.get(kind) == price["completion"]:
            del price[kind]
    for kind in ("audio", "audio_output", "image_token", "image_output", "input_cache_read", "input_cache_write_1h", "input_audio_cache"):
        if kind in price and price[kind] == 0 and price["prompt"] > 0:
            del price[kind]
    for kind in ITEM_KINDS:
        if price.get(kind) == 0:
            del price[kind]
    if price.get("input_cache_write") == 0:
        del price["input_cache_write"]
    return price
