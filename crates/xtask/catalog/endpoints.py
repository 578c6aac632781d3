"""Finds who serves each model and at what price, and refuses figures that sources do not agree on."""

from dataclasses import dataclass, field
from statistics import median

import names
import prices

MODES = ("chat", "responses", "embedding", "image_generation")
DISAGREE = 3
OUTLIER = 10


@dataclass
class Report:
    """What was left out and why; each row ends up in the catalogue page."""

    refused: list = field(default_factory=list)
    dropped: list = field(default_factory=list)
    settled: list = field(default_factory=list)
    outliers: list = field(default_factory=list)
    zero: dict = field(default_factory=dict)
    retired: list = field(default_factory=list)
    elsewhere: list = field(default_factory=list)
    matched: dict = field(default_factory=lambda: {"litellm": {}, "models.dev": {}})


def attach(seeds, sources, curated, report):
    """Returns model id to endpoints, cheapest evidence first checked against every other source."""
    index = names.build_index(seeds)
    found, alive, dead, closed = {}, set(), set(), set()
    for key in sorted(sources.litellm):
        entry = sources.litellm[key]
        _refuse(key, prices.from_litellm(entry), report)
        slug = curated["litellm_providers"].get(entry.get("litellm_provider"))
        if slug is None or entry.get("mode") not in MODES or any(key.startswith(prefix) for prefix in curated["skip_upstream"]):
            continue
        endpoint = _from_litellm(key, entry, slug, sources, index)
        if endpoint is None:
            continue
        ident = endpoint["model"]
        endpoint["embeds"] = "embeddings" in seeds[ident].get("output_modalities", [])
        expired = _expired(entry, sources.today)
        if slug == curated["first_party"].get(ident.split("/", 1)[0]):
            (dead if expired else alive).add(ident)
            _note_end(seeds[ident], entry, curated, sources.today)
        if expired:
            closed.add((ident, slug))
        else:
            report.matched["litellm"][key] = ident
            if _other_api(entry):
                closed.add((ident, slug))
                report.elsewhere.append((ident, endpoint["provider"]))
            else:
                _offer(found, endpoint, report)
    retired = _retired(dead - alive, seeds, curated)
    report.retired = sorted(retired)
    seconds = _second_opinions(sources, curated, index, retired, report)
    closed |= _compare(found, seconds, sources, report)
    for (ident, tag), endpoint in seconds.items():
        here = (ident, endpoint["provider"])
        pruned = endpoint["provider"] in curated["price_map_is_complete"]
        if here not in closed and not pruned and not any(other["provider"] == here[1] for other in found.get(ident, {}).values()):
            _offer(found, endpoint, report)
    for ident, seed in seeds.items():
        if ident not in retired:
            _add_openrouter(found, ident, seed, sources, report)
    _drop_outliers(found, report)
    return {ident: _sorted(list(by_tag.values()), ident, curated) for ident, by_tag in found.items() if by_tag}


def _retired(dead, seeds, curated):
    authors = curated["closed_authors"]
    gone = {
        ident for ident in dead
        if ident.split("/", 1)[0] in authors and not any(ident.startswith(prefix) for prefix in curated["open_weight_prefixes"])
    }
    return gone | {ident for ident, base in curated["retired_with"].items() if base in gone and ident in seeds}


def _note_end(seed, entry, curated, today):
    end = str(entry.get("deprecation_date") or "")
    if end >= today and seed["id"].split("/", 1)[0] in curated["closed_authors"]:
        seed["expiration_date"] = max(end, seed.get("expiration_date", ""))


def _refuse(key, price, report):
    reason = prices.refused(price) if price else None
    if reason:
        report.refused.append((key, reason))
    return reason is not None


def _other_api(entry):
    paths = entry.get("supported_endpoints") or []
    chats = not paths or any(path in paths for path in ("/v1/chat/completions", "/v1/embeddings"))
    return entry["mode"] == "responses" or (entry["mode"] == "chat" and not chats)


def _expired(entry, today):
    return str(entry.get("deprecation_date") or "9999") < today


def _from_litellm(key, entry, slug, sources, index):
    upstream, region = _upstream(key, slug)
    spelling = names.fireworks(upstream) if slug == "fireworks" else upstream
    if slug == "amazon-bedrock":
        region, spelling = names.bedrock(upstream)
    if slug == "databricks":
        spelling = upstream.removeprefix("databricks-")
    match = names.find(index, spelling)
    price = prices.from_litellm(entry)
    if match is None or price is None:
        return None
    ident, variant, quantization = match
    endpoint = {
        "model": ident, "provider": slug, "upstream_id": upstream, "variant": variant, "quantization": quantization, "region": region,
        "price": price, "key": key, "source": sources.cite("litellm", key, entry.get("source")), "date": sources.date("litellm"),
        "embeds": entry.get("mode") == "embedding",
    }
    prompt, answer = int(entry.get("max_input_tokens") or 0), int(entry.get("max_output_tokens") or 0)
    if slug in ("openai", "azure") and ident.startswith("openai/"):
        endpoint["max_prompt_tokens"] = prompt
    else:
        endpoint["context_length"] = prompt
    endpoint["max_completion_tokens"] = answer
    endpoint["no_tools"] = entry.get("supports_function_calling") is False
    return endpoint


def _upstream(key, slug):
    prefixes = {
        "google-ai-studio": "gemini/", "google-vertex": "vertex_ai/", "xai": "xai/", "mistral": "mistral/", "deepseek": "deepseek/", "groq": "groq/",
        "together": "together_ai/", "fireworks": "fireworks_ai/", "moonshotai": "moonshot/", "z-ai": "zai/", "gmicloud": "gmi/", "friendli": "friendliai/",
        "meta-llama-api": "meta_llama/", "sail-research": "sail/", "voyageai": "voyage/", "xiaomi": "xiaomi_mimo/", "amazon-nova": "amazon_nova/",
        "cohere": "cohere/", "alibaba": "qwencloud/",
    }
    region = None
    for prefix in (prefixes.get(slug), f"{slug}/", "dashscope/", "azure_ai/", "azure/", "bedrock_converse/"):
        if prefix and key.startswith(prefix):
            key = key[len(prefix):]
            break
    if slug == "azure":
        for prefix, place in (("eu/", "eu"), ("us/", "us"), ("global-standard/", None), ("global/", None)):
            if key.startswith(prefix):
                key, region = key[len(prefix):], place
    return key, region


def _tag(endpoint):
    parts = [part for part in (endpoint["region"], endpoint["variant"], endpoint["quantization"]) if part]
    return "/".join([endpoint["provider"], "-".join(parts)]) if parts else endpoint["provider"]


def _offer(found, endpoint, report):
    if _refuse(endpoint["key"], endpoint["price"], report):
        return
    if endpoint["embeds"]:
        endpoint["price"]["completion"] = 0
    if endpoint["price"]["prompt"] == 0 and endpoint["price"]["completion"] == 0 and endpoint["variant"] != "free":
        report.zero[endpoint["provider"]] = report.zero.get(endpoint["provider"], 0) + 1
        return
    endpoint["tag"] = _tag(endpoint)
    if endpoint["variant"] not in (None, "free", "extended", "thinking"):
        endpoint["flavour"], endpoint["variant"] = endpoint["variant"], None  # a host's own flavour shows in the tag only
    slot = found.setdefault(endpoint["model"], {})
    rival = slot.get(endpoint["tag"])
    if rival is None or _rank(endpoint) < _rank(rival):
        slot[endpoint["tag"]] = endpoint


def _rank(endpoint):
    upstream = endpoint["upstream_id"]
    dated_vertex = endpoint["provider"] == "google-vertex" and "@" in upstream and not upstream.endswith("@default")
    full_name = endpoint["provider"] == "fireworks" and upstream.startswith("accounts/")
    exact = upstream.rsplit("/", 1)[-1].lower() == endpoint["model"].rsplit("/", 1)[-1]
    moving = "latest" in upstream
    vendor = endpoint["provider"] != "amazon-bedrock" or "." in upstream.split(":", 1)[0].rsplit("-", 1)[0]
    worldwide = upstream.startswith("global.")
    return (not vendor, not worldwide, not dated_vertex, not full_name, moving, not exact, len(upstream), upstream)


def _second_opinions(sources, curated, index, retired, report):
    seconds = {}
    for folder, slug in sorted(curated["models_dev_providers"].items()):
        for name, entry in sorted(sources.models_dev.get(folder, {}).items()):
            price = prices.from_models_dev(entry)
            match = names.find(index, names.fireworks(name) if slug == "fireworks" else names.bedrock(name)[1] if slug == "amazon-bedrock" else name)
            if match is None or price is None or entry.get("status") == "deprecated" or match[0] in retired:
                continue
            region = names.bedrock(name)[0] if slug == "amazon-bedrock" else None
            path = f"providers/{folder}/models/{name}.toml"
            endpoint = {
                "model": match[0], "provider": slug, "upstream_id": name, "variant": match[1], "quantization": match[2], "region": region,
                "price": price, "key": path, "source": sources.cite("models_dev", path), "date": sources.date("models_dev"),
                "context_length": int(entry.get("limit", {}).get("context", 0)), "max_completion_tokens": int(entry.get("limit", {}).get("output", 0)),
                "no_tools": entry.get("tool_call") is False,
            }
            endpoint["embeds"] = "embed" in name.lower()
            report.matched["models.dev"][f"{folder}/{name}"] = match[0]
            seconds.setdefault((match[0], _tag(endpoint)), endpoint)
    return seconds


def _ratio(one, other):
    worst = 1
    for kind in ("prompt", "completion"):
        low, high = sorted((one.get(kind, 0), other.get(kind, 0)))
        if low > 0:
            worst = max(worst, high / low)
    return worst


def _compare(found, seconds, sources, report):
    """Drops endpoints whose two figures differ too much; returns the (model, provider) pairs that were dropped."""
    dropped = set()
    for (ident, tag), second in sorted(seconds.items()):
        first = found.get(ident, {}).get(tag)
        if first is None or second["price"]["prompt"] == 0 or _ratio(first["price"], second["price"]) <= DISAGREE:
            continue
        third, peers = _third(ident, sources), _peers(found[ident], first)
        row = [ident, tag, _pair(first["price"]), _pair(second["price"]), _pair(third) if third else "none", _pair(peers) if peers else "none"]
        row = (*row, first["key"], second["key"])
        if any(other and _ratio(first["price"], other) <= DISAGREE for other in (third, peers)):
            report.settled.append(row)
        else:
            report.dropped.append(row)
            dropped.add((ident, first["provider"]))
            del found[ident][tag]
    return dropped


def _peers(by_tag, first):
    others = [one["price"] for one in by_tag.values() if one["provider"] != first["provider"] and one["price"]["prompt"] > 0]
    if len({one["provider"] for one in by_tag.values()}) < 4:
        return None
    return {kind: median(price[kind] for price in others) for kind in ("prompt", "completion")}


def _third(ident, sources):
    entry = sources.models_dev.get("openrouter", {}).get(ident)
    if entry and prices.from_models_dev(entry):
        return prices.from_models_dev(entry)
    return prices.from_openrouter(sources.listed[ident]) if ident in sources.listed else None


def _pair(price):
    return f"{prices.text(price['prompt'])} / {prices.text(price['completion'])}"


def _add_openrouter(found, ident, seed, sources, report):
    entry = sources.models_dev.get("openrouter", {}).get(ident)
    free = seed["variant"] == "free"
    if entry is None and not free:
        return
    price = {"prompt": 0, "completion": 0} if free else prices.from_models_dev(entry)
    listed = sources.listed.get(ident)
    if listed and entry and not free:  # the stored list knows kinds that models.dev does not carry
        known = prices.from_openrouter(listed)
        for kind in ("web_search", "request"):
            if known and kind in known:
                price[kind] = known[kind]
    also = ""
    if any(kind in price for kind in ("web_search", "request")):
        also = "; web search and request price: " + sources.cite("listed")
    path = f"providers/openrouter/models/{ident}.toml"
    origin = "models_dev" if entry else "listed" if listed else "ids"
    endpoint = {
        "model": ident, "provider": "openrouter", "upstream_id": ident, "variant": seed["variant"], "quantization": None, "region": None,
        "price": price, "key": path if entry else ident, "embeds": "embeddings" in seed.get("output_modalities", []), "no_tools": False,
        "source": sources.cite(origin, path if entry else ident) + also,
        "date": sources.date(origin),
    }
    if entry:
        endpoint["context_length"] = int(entry["limit"]["context"])
        endpoint["max_completion_tokens"] = int(entry["limit"].get("output") or 0)
    _offer(found, endpoint, report)


def _drop_outliers(found, report):
    for ident, by_tag in sorted(found.items()):
        for kind in ("prompt", "completion"):
            values = [endpoint["price"][kind] for endpoint in by_tag.values() if endpoint["price"][kind] > 0]
            if len(values) < 3:
                continue
            middle = median(values)
            for tag, endpoint in sorted(by_tag.items()):
                value = endpoint["price"][kind]
                if value > 0 and (value > middle * OUTLIER or value * OUTLIER < middle):
                    report.outliers.append((ident, tag, kind, prices.text(value), prices.text(middle), endpoint["key"]))
                    del by_tag[tag]


def _sorted(endpoints, ident, curated):
    home = curated["first_party"].get(ident.split("/", 1)[0])
    return sorted(endpoints, key=lambda one: (one["provider"] != home, one["provider"] == "openrouter", one["tag"]))
