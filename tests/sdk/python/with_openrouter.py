"""What a program written for the router's own SDK (PyPI openrouter) relies on: answers pass its strict schemas."""

import os
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import openrouter
from checks import FAMILIES, named, same
from openrouter import OpenRouter, errors
from pydantic import BaseModel

BASE = f"{os.environ['PORTOLAN_URL']}/api/v1"
NOBODY = "sk-or-v1-" + "0" * 64
HELLO = [{"role": "user", "content": "hello"}]
EMBEDDERS = ("openai", "openai-responses", "gemini")
TOOL = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
}
# Every operation that was answered well, as method and path.
answered = set()


def note(response):
    if response.is_success:
        answered.add((response.request.method, response.request.url.path.removeprefix("/api/v1")))


def caller(key):
    """A client without retries: its own would go on for an hour."""
    recorder = httpx.Client(event_hooks={"response": [note]}, timeout=30, follow_redirects=True)
    return OpenRouter(api_key=key, server_url=BASE, retry_config=None, timeout_ms=30_000, client=recorder)


client = caller(os.environ["PORTOLAN_KEY"])
keeper = caller(os.environ["PORTOLAN_MANAGEMENT_KEY"])


def known(value):
    """Fails when the SDK took any part of an answer for a kind that it does not know; hands the answer on."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, BaseModel):
            assert not type(part).__name__.startswith("Unknown"), part
            waiting += [getattr(part, name) for name in type(part).model_fields]
        elif isinstance(part, (list, tuple)):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
    return value


def all_of(page):
    """What all pages of a list hold."""
    found = []
    while page is not None:
        found += known(page.result).data
        page = page.next()
    return found


def refused(kind, status, call):
    try:
        call()
    except kind as error:
        same((error.status_code, error.data.error.code), (status, status))
        return
    raise AssertionError(f"no {kind.__name__}")


def say(model, by=client, **more):
    return known(by.chat.send(model=model, messages=more.pop("messages", HELLO), stream=False, **more))


def chat(family):
    answer = say(f"mock/{family}-1")
    same((answer.choices[0].message.content, answer.choices[0].finish_reason), ("You said: hello", "stop"))
    assert answer.usage.cost > 0, answer.usage


def stream(family):
    text, cost = "", None
    with client.chat.send(model=f"mock/{family}-1", messages=HELLO, stream=True) as events:
        for chunk in events:
            known(chunk)
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
            cost = chunk.usage.cost if chunk.usage else cost
    same(text, "You said: hello")
    assert cost and cost > 0, cost


def tools(family):
    given = [{"type": "function", "function": TOOL}]
    question = [{"role": "user", "content": "CALL:get_weather"}]
    message = say(f"mock/{family}-1", messages=question, tools=given).choices[0].message
    same([call.function.name for call in message.tool_calls], ["get_weather"])
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "rain"}
    asked = message.model_dump(exclude_none=True, include={"role", "content", "tool_calls", "reasoning_details"})
    after = say(f"mock/{family}-1", messages=[*question, asked, result], tools=given)
    assert "rain" in after.choices[0].message.content, after


def reasoning(family):
    message = say(f"mock/{family}-1", reasoning={"effort": "low"}, max_tokens=4096).choices[0].message
    same(message.content, "You said: hello")
    # Chat completions of that provider do not show what they reason.
    assert family == "openai" or (message.reasoning and message.reasoning_details), message


def an_error_within_a_stream_is_reported(family):
    found = []
    with client.chat.send(model=f"mock/{family}-cut", messages=HELLO, stream=True) as events:
        found = [known(chunk).error for chunk in events]
    same([bool(error) for error in found[-2:]], [False, True])
    assert isinstance(found[-1].code, int) and found[-1].message, found[-1]


def responses(family):
    for surface in (client.responses, client.beta.responses):
        answer = known(surface.send(model=f"mock/{family}-1", input="hello", stream=False))
        same((answer.status, answer.output[-1].content[0].text), ("completed", "You said: hello"))
        assert answer.usage.cost > 0, answer.usage


def streamed_responses(family):
    question = {"model": f"mock/{family}-1", "reasoning": {"effort": "low", "summary": "auto"}, "max_output_tokens": 4096}
    with client.responses.send(**question, input="hello", stream=True) as events:
        found = [known(event) for event in events]
    same("".join(event.delta for event in found if event.type == "response.output_text.delta"), "You said: hello")
    same((found[0].type, found[-1].type), ("response.created", "response.completed"))
    thoughts = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")
    # Chat completions of that provider do not show what they reason.
    same(any(event.type in thoughts for event in found), family != "openai")


def tools_of_responses(family):
    given = [{"type": "function", **TOOL, "strict": True}]
    question = {"role": "user", "content": "CALL:get_weather"}
    with client.responses.send(model=f"mock/{family}-1", input=[question], tools=given, stream=True) as events:
        answer = [known(event) for event in events][-1].response
    call = answer.output[-1]
    same((call.type, call.name), ("function_call", "get_weather"))
    sent = {"type": "function_call", "id": call.id, "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    after = known(client.responses.send(model=f"mock/{family}-1", input=[question, sent, result], tools=given, stream=False))
    assert "rain" in after.output[-1].content[0].text, after


def a_failed_response_is_reported(family):
    with client.responses.send(model=f"mock/{family}-cut", input="x", stream=True) as events:
        last = [known(event) for event in events][-1]
    same((last.type, last.response.status, last.response.error.code), ("response.failed", "failed", "server_error"))


def generation(family):
    answer = say(f"mock/{family}-1")
    found = known(client.generations.get_generation(id=answer.id)).data
    same((found.id, found.model, found.total_cost), (answer.id, f"mock/{family}-1", answer.usage.cost))


def embedding(family):
    model = f"mock/{family}-embed"
    plain = known(client.embeddings.generate(model=model, input=["one", "two"]))
    same((plain.object, plain.model, len(plain.data)), ("list", model, 2))
    assert len(plain.data[0].embedding) > 3 and plain.usage.cost > 0, plain
    packed = known(client.embeddings.generate(model=model, input="one", encoding_format="base64"))
    assert isinstance(packed.data[0].embedding, str), packed


def models():
    listed = [model.id for model in all_of(client.models.list())]
    for family in FAMILIES:
        assert f"mock/{family}-1" in listed, len(listed)
    same(len(listed), len(set(listed)))
    assert known(client.models.count()).data.count > 0
    same(known(client.models.get(author="mock", slug="gemini-1")).data.id, "mock/gemini-1")
    own = all_of(client.models.list_for_user(security={"bearer": os.environ["PORTOLAN_KEY"]}))
    assert "mock/openai-1" in [model.id for model in own], len(own)
    assert "mock/openai-embed" in [model.id for model in all_of(client.embeddings.list_models())]


def endpoints_and_providers():
    found = known(client.endpoints.list(author="mock", slug="gemini-1")).data
    same(found.id, "mock/gemini-1")
    same([endpoint.pricing.prompt for endpoint in found.endpoints], ["0.000001"])
    assert "mock/anthropic-1" in [endpoint.model_id for endpoint in known(client.endpoints.list_zdr_endpoints()).data]
    slugs = [provider.slug for provider in known(client.providers.list()).data]
    assert "sim-anthropic" in slugs and "openai" in slugs, slugs


def image_models():
    assert "mock/painter" in [model.id for model in known(client.images.list_models()).data]
    found = known(client.images.list_model_endpoints(author="mock", slug="painter"))
    assert found.endpoints, found


def key_and_credits():
    current = known(client.api_keys.get_current_key_metadata()).data
    assert current.usage > 0, current
    same(current.is_management_key, False)
    held = known(keeper.credits.get_credits()).data
    same(held.total_credits, 5)
    assert 0 < held.total_usage < 5, held


def keys_are_made_changed_and_deleted():
    until = datetime.now(timezone.utc) + timedelta(days=1)
    made = known(keeper.api_keys.create(name="made by the SDK", limit=2.5, limit_reset="weekly", expires_at=until))
    assert made.key.startswith("sk-or-v1-"), made.key[:9]
    same((made.data.limit, made.data.limit_reset, made.data.usage), (2.5, "weekly", 0))
    fresh = caller(made.key)
    same(say("mock/openai-1", fresh).choices[0].message.content, "You said: hello")
    changed = known(keeper.api_keys.update(hash=made.data.hash, name="renamed", disabled=True)).data
    same((changed.name, changed.disabled), ("renamed", True))
    same(known(keeper.api_keys.get(hash=made.data.hash)).data.name, "renamed")
    assert made.data.hash in [key.hash for key in known(keeper.api_keys.list(include_disabled=True)).data]
    refused(errors.UnauthorizedResponseError, 401, lambda: say("mock/openai-1", fresh))
    same(known(keeper.api_keys.delete(hash=made.data.hash)).DELETED, True)
    refused(errors.NotFoundResponseError, 404, lambda: keeper.api_keys.get(hash=made.data.hash))


def activity():
    # Only days that are over are listed, and the server is younger than that.
    same(known(keeper.analytics.get_user_activity()).data, [])
    yesterday = (datetime.now(timezone.utc) - timedelta(days=1)).date().isoformat()
    same(known(keeper.analytics.get_user_activity(request={"date_": yesterday})).data, [])
    refused(errors.BadRequestResponseError, 400, lambda: keeper.analytics.get_user_activity(request={"date_": "2020-01-01"}))


def presets():
    made = [
        client.presets.create_presets_chat_completions(slug="made-by-python", model="mock/openai-1", messages=HELLO, temperature=0.5),
        client.presets.create_presets_messages(
            slug="made-by-python", model="mock/anthropic-1", messages=HELLO, system="Be brief.", max_tokens=100
        ),
        client.presets.create_presets_responses(slug="made-by-python", model="mock/gemini-1", input="hello", instructions="Be brief."),
    ]
    same([known(answer).data.designated_version.version for answer in made], [1, 2, 3])
    assert "made-by-python" in [preset.slug for preset in all_of(client.presets.list())]
    found = known(client.presets.get(slug="made-by-python")).data
    same(found.designated_version.system_prompt, "Be brief.")
    same(sorted(version.version for version in all_of(client.presets.list_versions(slug="made-by-python"))), [1, 2, 3])
    first = known(client.presets.get_version(slug="made-by-python", version="1")).data
    same((first.version, first.config["temperature"]), (1, 0.5))
    answer = say("@preset/made-by-python")
    same((answer.model, answer.choices[0].message.content), ("mock/gemini-1", "You said: hello"))
    refused(errors.NotFoundResponseError, 404, lambda: client.presets.get(slug="never-made"))


def refusals_are_typed():
    bad = caller(NOBODY)
    refused(errors.UnauthorizedResponseError, 401, lambda: say("mock/openai-1", bad))
    refused(errors.UnauthorizedResponseError, 401, lambda: bad.responses.send(model="mock/openai-1", input="x", stream=False))
    refused(errors.UnauthorizedResponseError, 401, lambda: bad.api_keys.get_current_key_metadata())
    refused(errors.BadRequestResponseError, 400, lambda: say("no/such"))
    refused(errors.BadRequestResponseError, 400, lambda: client.embeddings.generate(model="mock/openai-embed", input=[]))
    refused(errors.PaymentRequiredResponseError, 402, lambda: say("mock/openai-dear"))
    refused(errors.ForbiddenResponseError, 403, lambda: say("mock/openai-1", caller(os.environ["PORTOLAN_SPENT_KEY"])))
    refused(errors.NotFoundResponseError, 404, lambda: client.endpoints.list(author="no", slug="such"))
    refused(errors.TooManyRequestsResponseError, 429, lambda: say("mock/openai-busy"))
    refused(errors.BadGatewayResponseError, 502, lambda: say("mock/openai-broken"))


def operations():
    """Method and path of every operation that the SDK knows."""
    for source in sorted(Path(openrouter.__file__).parent.glob("*.py")):
        yield from re.findall(r'method="([A-Z]+)",\s+path="([^"]+)"', source.read_text(encoding="utf-8"))


def every_operation_that_is_served_was_answered():
    """Stands last: what is served and was not called above is a gap in these checks."""
    found, gaps = sorted(set(operations())), []
    assert len(found) > 100, found
    for method, path in found:
        answer = httpx.request(method, BASE + re.sub(r"{\w+}", "x", path), headers={"authorization": f"Bearer {NOBODY}"})
        is_served = answer.status_code != 404 or answer.json()["error"]["message"] != "No such path"
        shape = re.compile(re.sub(r"{\w+}", "[^/]+", path))
        if is_served and not any(method == called and shape.fullmatch(at) for called, at in answered):
            gaps.append(f"{method} {path} ({answer.status_code})")
    same(gaps, [])


EACH_FAMILY = (
    chat, stream, tools, reasoning, an_error_within_a_stream_is_reported, responses, streamed_responses, tools_of_responses,
    a_failed_response_is_reported, generation,
)
ONCE = (
    models, endpoints_and_providers, image_models, key_and_credits, keys_are_made_changed_and_deleted, activity, presets,
    refusals_are_typed, every_operation_that_is_served_was_answered,
)


def checks():
    """Every check with its name."""
    yield from named("openrouter", EACH_FAMILY)
    yield from named("openrouter", (embedding,), families=EMBEDDERS)
    yield from named("openrouter", once=ONCE)
