"""Gathers the models of the catalogue: ids, names, limits, modalities and abilities, without prices."""

from datetime import datetime, timezone

from names import normal

MODALITIES = {"pdf": "file"}
EFFORT_FLAGS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def gather(sources, curated):
    """Returns id to seed for every model any source names; later steps drop those without an endpoint."""
    listed, served = sources.listed, sources.models_dev.get("openrouter", {})
    idents = set(listed) | set(served) | set(sources.ids) | set(curated["new_models"])
    seeds = {}
    for ident in sorted(idents):
        if any(ident.startswith(prefix) for prefix in curated["skip_ids"]):
            continue
        base, _, variant = ident.partition(":")
        if variant not in ("", "free", "thinking"):
            continue
        seed = _seed(ident, sources, curated, listed.get(ident), served.get(ident))
        seed["also"] = curated["also"].get(base, [])
        seed["variant"] = variant or None
        seeds[ident] = seed
    for ident, seed in seeds.items():
        if seed["variant"] == "free":
            _inherit(seed, seeds.get(ident.partition(":")[0]))
    return seeds


def _seed(ident, sources, curated, listed, served):
    seed = {"id": ident, "served": served is not None, "listed": listed is not None}
    price_key = curated["new_models"].get(ident)
    if price_key:
        _from_price_map(seed, ident, price_key, sources, curated)
    if served:
        _from_models_dev(seed, ident, served, sources, curated)
    if listed:
        _from_list(seed, listed, sources)
    if not (price_key or served or listed):
        seed.update(source=sources.cite("ids"), date=sources.date("ids"))
    return seed


def _from_list(seed, model, sources):
    shape = model["architecture"]
    seed.update(
        canonical_slug=model["canonical_slug"],
        name=model["name"],
        created=model["created"],
        input_modalities=sorted(shape["input_modalities"], key=_modality_rank),
        output_modalities=sorted(shape["output_modalities"], key=_modality_rank),
        supported_parameters=sorted(model["supported_parameters"]),
        tokenizer=shape["tokenizer"],
        instruct_type=shape["instruct_type"],
    )
    seed["context_length"] = max(seed.get("context_length", 0), model["context_length"])
    if model["top_provider"].get("max_completion_tokens"):
        seed.setdefault("max_completion_tokens", model["top_provider"]["max_completion_tokens"])
    for field in ("hugging_face_id", "knowledge_cutoff"):
        if model.get(field):
            seed[field] = model[field]
    if (model.get("expiration_date") or "") >= sources.today:
        seed["expiration_date"] = model["expiration_date"]
    seed.setdefault("source", sources.cite("listed", model["id"]))
    seed.setdefault("date", sources.date("listed"))


def _from_models_dev(seed, ident, entry, sources, curated):
    limit, modalities = entry.get("limit", {}), entry.get("modalities", {})
    seed["name"] = _named(ident, entry["name"], curated)
    seed["context_length"] = int(limit["context"])
    if limit.get("output"):
        seed["max_completion_tokens"] = int(limit["output"])
    seed["created"] = _unix(entry.get("release_date"))
    for side in ("input", "output"):
        kinds = [MODALITIES.get(kind, kind) for kind in modalities.get(side, ["text"])]
        seed[f"{side}_modalities"] = sorted(set(kinds), key=_modality_rank)
    if entry.get("knowledge"):
        seed["knowledge_cutoff"] = str(entry["knowledge"])
    seed["supported_parameters"] = _parameters(
        tools=entry.get("tool_call"), schema=entry.get("structured_output"), thinks=entry.get("reasoning"), samples=entry.get("temperature", True)
    )
    if entry.get("reasoning"):
        seed["reasoning"] = _reasoning(entry.get("reasoning_options"))
    seed["source"], seed["date"] = sources.cite("models_dev", f"providers/openrouter/models/{ident}.toml"), sources.date("models_dev")


def _from_price_map(seed, ident, key, sources, curated):
    entry = sources.litellm[key]
    embeds = entry.get("mode") == "embedding"
    seed["name"] = _named(ident, display(ident.split("/", 1)[1], curated), curated)
    seed["context_length"] = context_of(entry)
    if entry.get("max_output_tokens") and not embeds:
        seed["max_completion_tokens"] = int(entry["max_output_tokens"])
    seed["input_modalities"] = _inputs(entry)
    seed["output_modalities"] = ["embeddings"] if embeds else sorted(entry.get("supported_output_modalities") or ["text"], key=_modality_rank)
    openai_thinks = entry["litellm_provider"] == "openai" and entry.get("supports_reasoning")
    seed["supported_parameters"] = [] if embeds else _parameters(
        tools=entry.get("supports_function_calling"),
        schema=entry.get("supports_response_schema"),
        thinks=entry.get("supports_reasoning"),
        samples=entry.get("supports_sampling_params", not openai_thinks),
        parallel=entry.get("supports_parallel_function_calling"),
        search=entry.get("supports_web_search"),
    )
    if entry.get("supports_reasoning") and not embeds:
        seed["reasoning"] = _reasoning_flags(entry)
    seed["source"], seed["date"] = sources.cite("litellm", key), sources.date("litellm")


def context_of(entry):
    """Returns the context length of a price-map entry.

    For OpenAI's models since GPT-5.6 the map holds the prompt limit, so the answer limit is added: 922 000 + 128 000
    = 1 050 000, the same three figures models.dev has for GPT-5.4 and GPT-5.5. Elsewhere it holds the context itself.
    """
    prompt = int(entry.get("max_input_tokens") or 0)
    if entry["litellm_provider"] == "openai" and entry.get("mode") != "embedding" and prompt > 200_000:
        return prompt + int(entry.get("max_output_tokens") or 0)
    return prompt


def _inherit(seed, base):
    if not base:
        return
    for field, value in base.items():
        if field == "name":
            seed.setdefault("name", f"{value} (free)")
        elif field not in ("id", "also", "variant", "served", "listed", "source", "date", "canonical_slug"):
            seed.setdefault(field, value)


def _inputs(entry):
    kinds = set(entry.get("supported_modalities") or []) | {"text"}
    flags = (("supports_vision", "image"), ("supports_pdf_input", "file"), ("supports_audio_input", "audio"), ("supports_video_input", "video"))
    kinds |= {kind for flag, kind in flags if entry.get(flag)}
    return sorted(kinds & {"text", "image", "file", "audio", "video"}, key=_modality_rank)


def _parameters(tools, schema, thinks, samples, parallel=False, search=False):
    names = {"max_tokens"}
    names |= {"tools", "tool_choice"} if tools else set()
    names |= {"response_format", "structured_outputs"} if schema else set()
    names |= {"reasoning", "include_reasoning"} if thinks else set()
    names |= {"temperature", "top_p"} if samples else set()
    names |= {"parallel_tool_calls"} if parallel and tools else set()
    names |= {"web_search_options"} if search else set()
    return sorted(names)


def _reasoning(options):
    by_type = {option["type"]: option for option in options or []}
    efforts = [str(value) for value in by_type.get("effort", {}).get("values", []) if value is not None]
    budget = "budget_tokens" in by_type
    fixed = options == [] or ("effort" in by_type and "none" not in efforts and "toggle" not in by_type and not budget)
    return _controls(bool(fixed), efforts, budget)


def _reasoning_flags(entry):
    efforts = entry.get("reasoning_effort_levels")
    if not efforts:
        efforts = ["low", "medium", "high"] if any(entry.get(f"supports_{name}_reasoning_effort") is not None for name in EFFORT_FLAGS) else []
        efforts += [name for name in EFFORT_FLAGS if entry.get(f"supports_{name}_reasoning_effort")]
    return _controls(bool(entry.get("thinking_always_on")), efforts, bool(entry.get("supports_legacy_thinking")))


def _controls(mandatory, efforts, budget):
    known = [name for name in EFFORT_FLAGS if name in efforts]
    return {"mandatory": mandatory, **({"supported_efforts": known} if known else {}), "supports_max_tokens": budget}


def _named(ident, name, curated):
    author = ident.split("/", 1)[0]
    shown = curated["author_names"].get(author, author)
    return f"{shown}: {name}"


def display(slug, curated):
    """Returns a readable name for a slug: `gpt-6-sol` becomes `GPT-6 Sol`."""
    words = [curated["spelled"].get(word, word[:1].upper() + word[1:]) for word in slug.split("-")]
    name = " ".join(words)
    return name.replace("GPT ", "GPT-", 1) if name.startswith("GPT ") else name


def described(seed, curated):
    """Returns one line put together from the model's own facts."""
    author = curated["author_names"].get(seed["id"].split("/", 1)[0], seed["id"].split("/", 1)[0])
    takes = " and ".join(filter(None, [", ".join(seed["input_modalities"][:-1]), seed["input_modalities"][-1]]))
    gives = " and ".join(filter(None, [", ".join(seed["output_modalities"][:-1]), seed["output_modalities"][-1]]))
    parameters = seed.get("supported_parameters", [])
    extras = [word for word, has in (("reasoning", "reasoning" in parameters), ("tools", "tools" in parameters)) if has]
    size = seed["context_length"]
    window = f"{size / 1_000_000:.3g}M" if size >= 1_000_000 else f"{size // 1000}K"
    kind = "Free variant of a model" if seed["variant"] == "free" else "Model"
    return f"{kind} by {author}: {takes} in, {gives} out, {window} tokens of context" + (f", with {' and '.join(extras)}." if extras else ".")


def _unix(day):
    parts = str(day or "").split("-")
    if len(parts) < 2:
        return None
    year, month, date = int(parts[0]), int(parts[1]), int(parts[2]) if len(parts) > 2 else 1
    return int(datetime(year, month, date, tzinfo=timezone.utc).timestamp())


def _modality_rank(kind):
    order = ("text", "image", "file", "audio", "video", "embeddings")
    return order.index(kind) if kind in order else len(order)


def tokenizers(seeds):
    """Fills a missing tokenizer with the one most listed models of the same author have, else `Other`."""
    counts = {}
    for ident, seed in seeds.items():
        if seed.get("tokenizer"):
            family = (ident.split("/", 1)[0], normal(ident)[:5])
            counts.setdefault(family, []).append(seed["tokenizer"])
            counts.setdefault(family[0], []).append(seed["tokenizer"])
    for ident, seed in seeds.items():
        author = ident.split("/", 1)[0]
        found = counts.get((author, normal(ident)[:5])) or counts.get(author) or ["Other"]
        seed.setdefault("tokenizer", max(sorted(set(found)), key=found.count))
