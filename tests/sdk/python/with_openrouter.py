"""What a program written for the router's own SDK (PyPI openrouter) relies on."""

import os
from datetime import datetime, timedelta, timezone

from checks import FAMILIES, named, same
from openrouter import OpenRouter, errors

BASE = f"{os.environ['PORTOLAN_URL']}/api/v1"
HELLO = [{"role": "user", "content": "hello"}]


def caller(name):
    """A client without retries: its own would go on for an hour."""
    return OpenRouter(api_key=os.environ[name], server_url=BASE, retry_config=None, timeout_ms=30_000)


client = caller("PORTOLAN_KEY")
keeper = caller("PORTOLAN_MANAGEMENT_KEY")


def chat():
    for family in FAMILIES:
        answer = client.chat.send(model=f"mock/{family}-1", messages=HELLO, stream=False)
        same(answer.choices[0].message.content, "You said: hello")
        assert answer.usage.cost > 0, answer.usage


def stream():
    for family in FAMILIES:
        text, cost = "", None
        for event in client.chat.send(model=f"mock/{family}-1", messages=HELLO, stream=True):
            # Older releases wrap the chunk.
            chunk = getattr(event, "data", event)
            for choice in chunk.choices:
                text += choice.delta.content or ""
            if chunk.usage:
                cost = chunk.usage.cost
        same(text, "You said: hello")
        assert cost and cost > 0, cost


def models():
    listed = []
    page = client.models.list()
    while page is not None:
        result = getattr(page, "result", page)
        listed.extend(model.id for model in result.data)
        page = page.next() if hasattr(page, "next") else None
    for family in FAMILIES:
        assert f"mock/{family}-1" in listed, len(listed)
    same(len(listed), len(set(listed)))
    assert client.models.count().data.count > 0


def endpoints_and_providers():
    found = client.endpoints.list(author="mock", slug="gemini-1").data
    same(found.id, "mock/gemini-1")
    same([endpoint.pricing.prompt for endpoint in found.endpoints], ["0.000001"])
    slugs = [provider.slug for provider in client.providers.list().data]
    assert "sim-anthropic" in slugs and "openai" in slugs, slugs


def key_and_credits():
    current = client.api_keys.get_current_key_metadata().data
    assert current.usage > 0, current
    same(current.is_management_key, False)
    held = keeper.credits.get_credits().data
    same(held.total_credits, 5)
    assert 0 < held.total_usage < 5, held


def keys_are_made_changed_and_deleted():
    until = datetime.now(timezone.utc) + timedelta(days=1)
    made = keeper.api_keys.create(name="made by the SDK", limit=2.5, limit_reset="weekly", expires_at=until)
    assert made.key.startswith("sk-or-v1-"), made.key[:9]
    same((made.data.limit, made.data.limit_reset, made.data.usage), (2.5, "weekly", 0))
    fresh = OpenRouter(api_key=made.key, server_url=BASE, retry_config=None, timeout_ms=30_000)
    same(fresh.chat.send(model="mock/openai-1", messages=HELLO, stream=False).choices[0].message.content, "You said: hello")
    changed = keeper.api_keys.update(hash=made.data.hash, name="renamed", disabled=True).data
    same((changed.name, changed.disabled), ("renamed", True))
    same(keeper.api_keys.get(hash=made.data.hash).data.name, "renamed")
    assert made.data.hash in [key.hash for key in keeper.api_keys.list(include_disabled=True).data]
    refused(errors.UnauthorizedResponseError, 401, lambda: fresh.chat.send(model="mock/openai-1", messages=HELLO, stream=False))
    same(keeper.api_keys.delete(hash=made.data.hash).DELETED, True)
    refused(errors.NotFoundResponseError, 404, lambda: keeper.api_keys.get(hash=made.data.hash))


def generation():
    answer = client.chat.send(model="mock/anthropic-1", messages=HELLO, stream=False)
    found = client.generations.get_generation(id=answer.id).data
    same(found.id, answer.id)
    same(found.total_cost, answer.usage.cost)
    same(found.model, "mock/anthropic-1")


def refusals_are_typed():
    bad = OpenRouter(api_key="sk-or-v1-" + "0" * 64, server_url=BASE, retry_config=None)
    refused(errors.UnauthorizedResponseError, 401, lambda: bad.chat.send(model="mock/openai-1", messages=HELLO, stream=False))
    refused(errors.BadRequestResponseError, 400, lambda: client.chat.send(model="no/such", messages=HELLO, stream=False))
    dear = {"model": "mock/openai-dear", "messages": HELLO, "stream": False}
    refused(errors.PaymentRequiredResponseError, 402, lambda: client.chat.send(**dear))
    busy = {"model": "mock/openai-busy", "messages": HELLO, "stream": False}
    refused(errors.TooManyRequestsResponseError, 429, lambda: client.chat.send(**busy))


def refused(kind, status, call):
    try:
        call()
    except kind as error:
        same(error.status_code, status)
        same(error.data.error.code, status)
        return
    raise AssertionError(f"no {kind.__name__}")


CHECKS = (
    chat, stream, models, endpoints_and_providers, key_and_credits, keys_are_made_changed_and_deleted, generation,
    refusals_are_typed,
)


def checks():
    """Every check with its name."""
    return named("openrouter", once=CHECKS)
