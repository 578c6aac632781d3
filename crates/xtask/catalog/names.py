"""Ties the names other sources use to catalogue ids by comparing normalised spellings."""

import re

VARIANTS = ("turbo", "fast", "ultra", "highspeed", "lightning", "basic", "tee")
QUANTIZATIONS = ("nvfp4", "mxfp4", "fp4", "fp8", "bf16", "fp16", "int4", "int8")


def normal(name):
    """Returns one spelling for a model name: last path part, lower case, dashes only, no date or host marks."""
    name = name.rsplit("/", 1)[-1].lower().split("@", 1)[0]
    name = re.sub(r":\d+$", "", name)
    name = re.sub(r"[^a-z0-9:]+", "-", name).strip("-")
    name = re.sub(r"(^|-)meta-llama-", r"\1llama-", name)
    name = re.sub(r"-(maas|v1:0|v2:0|v1|v2)$", "", name)
    return re.sub(r"-20\d{6}$", "", name)


def fireworks(name):
    """Returns a Fireworks model name with its `4p5` decimals written as `4.5`."""
    return re.sub(r"(\d)p(\d)", r"\1.\2", name).replace("llama-v", "llama-")


def bedrock(name):
    """Returns (region, model name) of a Bedrock id such as `eu.anthropic.claude-…-v1:0`."""
    found = re.match(r"^(us|eu|global)\.(.+)$", name)
    region, rest = (found.group(1), found.group(2)) if found else (None, name)
    rest = rest.split(".", 1)[1] if re.match(r"^[a-z0-9]+\.", rest) else rest
    return (None if region == "global" else region), rest


def build_index(models):
    """Returns normalised spelling to catalogue id; the first id (sorted) keeps a contested spelling."""
    index = {}
    ranked = []
    for ident, seed in models.items():
        if ":" in ident:
            continue
        spellings = [ident, *seed.get("also", [])]
        for rank, spelling in enumerate([*spellings, seed.get("hugging_face_id"), seed.get("canonical_slug")]):
            if spelling:
                ranked.append((min(rank, 2), normal(spelling), ident))
    for _, spelling, ident in sorted(ranked):
        index.setdefault(spelling, ident)
    return index


def find(index, name):
    """Returns (id, variant, quantization), or None when no catalogue id has that name."""
    spelling, variant, quantization = normal(name), None, None
    for _ in range(4):
        if spelling in index:
            return index[spelling], variant, quantization
        head, _, tail = spelling.rpartition("-")
        if tail in QUANTIZATIONS and quantization is None:
            quantization = tail
        elif tail in VARIANTS and variant is None:
            variant = tail
        else:
            return None
        spelling = head
    return None
