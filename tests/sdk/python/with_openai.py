"""What a program written for the OpenAI SDK relies on, for each provider family alike."""

import asyncio
import json
import os
import time
from decimal import Decimal

import openai
from checks import FAMILIES, named, same
from pydantic import BaseModel

URL = os.environ["PORTOLAN_URL"]
BASE = f"{URL}/api/v1"
KEY = os.environ["PORTOLAN_KEY"]
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
client = openai.OpenAI(base_url=BASE, api_key=KEY, max_retries=0, timeout=30)


class Person(BaseModel):
    name: str
    age: int
    tags: list[str]


def tool(name, **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": f"The {name}.", "parameters": schema}}


TOOLS = [tool("get_weather", city={"type": "string"}), tool("get_time", zone={"type": "string"})]


def ask(family, text, variant="1", **more):
    return client.chat.completions.create(
        model=f"mock/{family}-{variant}", messages=[{"role": "user", "content": text}], **more
    )


def fails(kind, status, call):
    try:
        call()
    except kind as error:
        same(error.status_code, status)
        same(error.body["code"], status)
        assert error.body["message"], error.body
        return error
    raise AssertionError(f"no {kind.__name__}")


def cost_of(usage):
    """The list price of a usage report: 1 USD per million prompt tokens, 3 USD per million of the answer."""
    return (Decimal(usage.prompt_tokens) * 1 + Decimal(usage.completion_tokens) * 3) / 1_000_000


def record(identifier):
    answer = client.get("/generation", cast_to=object, options={"params": {"id": identifier}})
    return answer["data"]


def chat(family):
    answer = ask(family, "hello")
    same(answer.choices[0].message.content, "You said: hello")
    same(answer.choices[0].finish_reason, "stop")
    same(answer.object, "chat.completion")
    same(answer.model, f"mock/{family}-1")
    assert answer.id.startswith("gen-"), answer.id
    assert answer.model_extra["provider"], answer
    usage = answer.usage
    same(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0, usage
    same(Decimal(str(usage.model_extra["cost"])), cost_of(usage))


def chat_with_system_history_and_limits(family):
    # Providers of the Responses format take no smaller limit than 16.
    limit = 16 if family == "openai-responses" else 2
    answer = client.chat.completions.create(
        model=f"mock/{family}-1",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": [{"type": "text", "text": "three, and then some more of it " * 4}]},
        ],
        max_tokens=limit,
        temperature=0.5,
        stop=["never"],
    )
    same(answer.choices[0].finish_reason, "length")
    same(answer.usage.completion_tokens, limit)


def image(family):
    content = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    answer = client.chat.completions.create(model=f"mock/{family}-1", messages=[{"role": "user", "content": content}])
    same(answer.choices[0].message.content, "You said: see (with 1 image)")


def stream(family):
    text, reasons, usages = [], [], []
    for chunk in ask(family, "hello", stream=True, stream_options={"include_usage": True}):
        same(chunk.object, "chat.completion.chunk")
        if chunk.usage:
            usages.append(chunk.usage)
        for choice in chunk.choices:
            text.append(choice.delta.content or "")
            reasons.append(choice.finish_reason)
    same("".join(text), "You said: hello")
    same([reason for reason in reasons if reason], ["stop"])
    same(len(usages), 1)
    plain = ask(family, "hello").usage
    same((usages[0].prompt_tokens, usages[0].completion_tokens), (plain.prompt_tokens, plain.completion_tokens))
    same(Decimal(str(usages[0].model_extra["cost"])), cost_of(plain))


def stream_asynchronously(family):
    async def run():
        async with openai.AsyncOpenAI(base_url=BASE, api_key=KEY, max_retries=0, timeout=30) as caller:
            messages = [{"role": "user", "content": "ω → 日本"}]
            chunks = await caller.chat.completions.create(model=f"mock/{family}-1", messages=messages, stream=True)
            return "".join([choice.delta.content or "" async for chunk in chunks for choice in chunk.choices])

    same(asyncio.run(run()), "You said: ω → 日本")


def parallel_tools_and_their_results(family):
    text = "CALL:get_weather CALL:get_time"
    answer = ask(family, text, tools=TOOLS)
    same(answer.choices[0].finish_reason, "tool_calls")
    calls = answer.choices[0].message.tool_calls
    same([call.function.name for call in calls], ["get_weather", "get_time"])
    same([sorted(json.loads(call.function.arguments)) for call in calls], [["city"], ["zone"]])
    same(len({call.id for call in calls}), 2)
    results = [{"role": "tool", "tool_call_id": call.id, "content": f"result {call.function.name}"} for call in calls]
    history = [{"role": "user", "content": text}, answer.choices[0].message, *results]
    after = client.chat.completions.create(model=f"mock/{family}-1", messages=history, tools=TOOLS)
    same(after.choices[0].finish_reason, "stop")
    assert "result" in after.choices[0].message.content, after


def streamed_tools(family):
    messages = [{"role": "user", "content": "CALL:get_weather CALL:get_time"}]
    with client.chat.completions.stream(model=f"mock/{family}-1", messages=messages, tools=TOOLS) as events:
        for _event in events:
            pass
        answer = events.get_final_completion()
    calls = answer.choices[0].message.tool_calls
    same([call.function.name for call in calls], ["get_weather", "get_time"])
    same([sorted(json.loads(call.function.arguments)) for call in calls], [["city"], ["zone"]])
    same(answer.choices[0].finish_reason, "tool_calls")


def parse(family):
    messages = [{"role": "user", "content": "who?"}]
    answer = client.chat.completions.parse(model=f"mock/{family}-1", messages=messages, response_format=Person)
    person = answer.choices[0].message.parsed
    assert isinstance(person, Person), answer
    assert isinstance(person.age, int) and isinstance(person.tags, list), person


def streamed_parse(family):
    messages = [{"role": "user", "content": "who?"}]
    with client.chat.completions.stream(model=f"mock/{family}-1", messages=messages, response_format=Person) as events:
        for _event in events:
            pass
        assert isinstance(events.get_final_completion().choices[0].message.parsed, Person)


def generation_record(family):
    answer = ask(family, "look me up")
    found = record(answer.id)
    same(found["id"], answer.id)
    same(found["model"], f"mock/{family}-1")
    same(found["streamed"], False)
    same((found["tokens_prompt"], found["tokens_completion"]), (answer.usage.prompt_tokens, answer.usage.completion_tokens))
    same(Decimal(str(found["total_cost"])), cost_of(answer.usage))
    same(found["finish_reason"], "stop")


def a_client_that_leaves_pays_for_what_it_got(family):
    chunks = ask(family, "long", "slow", stream=True)
    identifier = next(iter(chunks)).id
    for _chunk in zip(range(5), chunks):
        pass
    chunks.close()
    deadline = time.monotonic() + 20
    found = None
    while found is None:
        assert time.monotonic() < deadline, "the record of the abandoned answer never came"
        try:
            found = record(identifier)
        except openai.NotFoundError:
            time.sleep(0.1)
    same(found["streamed"], True)
    assert found["tokens_completion"] > 0, found
    assert Decimal(str(found["total_cost"])) > 0, found


def provider_is_busy(family):
    fails(openai.RateLimitError, 429, lambda: ask(family, "x", "busy"))
    fails(openai.RateLimitError, 429, lambda: ask(family, "x", "busy", stream=True))


def provider_is_broken(family):
    fails(openai.InternalServerError, 502, lambda: ask(family, "x", "broken"))


def an_error_within_a_stream_is_raised(family):
    text = []
    try:
        for chunk in ask(family, "x", "cut", stream=True):
            text.extend(choice.delta.content or "" for choice in chunk.choices)
    except openai.APIError as error:
        assert error.message, error
        assert "".join(text), "content came before the error"
        return
    raise AssertionError("the stream ended as if all were well")


def cannot_be_paid(family):
    fails(openai.APIStatusError, 402, lambda: ask(family, "x", "dear"))


def wrong_key():
    stranger = client.with_options(api_key="sk-or-v1-" + "0" * 64)
    error = fails(openai.AuthenticationError, 401, lambda: stranger.chat.completions.create(model="mock/openai-1", messages=[]))
    same(error.response.headers["x-should-retry"], "false")


def spent_key():
    spent = client.with_options(api_key=os.environ["PORTOLAN_SPENT_KEY"])
    messages = [{"role": "user", "content": "x"}]
    fails(openai.PermissionDeniedError, 403, lambda: spent.chat.completions.create(model="mock/openai-1", messages=messages))


def unknown_model_and_bad_messages():
    messages = [{"role": "user", "content": "x"}]
    error = fails(openai.BadRequestError, 400, lambda: client.chat.completions.create(model="no/such", messages=messages))
    assert "no/such" in str(error.body["message"]), error.body
    fails(openai.BadRequestError, 400, lambda: client.chat.completions.create(model="mock/openai-1", messages=[]))
    fails(openai.BadRequestError, 400, lambda: client.chat.completions.create(model="mock/openai-1", messages=[{"role": "x"}]))


def falls_back_to_the_next_model():
    answer = client.chat.completions.create(
        model="mock/openai-broken",
        messages=[{"role": "user", "content": "hello"}],
        extra_body={"models": ["mock/anthropic-busy", "mock/gemini-1"]},
    )
    same(answer.choices[0].message.content, "You said: hello")
    same(answer.model, "mock/gemini-1")


def models():
    listed = [model.id for model in client.models.list()]
    for family in FAMILIES:
        assert f"mock/{family}-1" in listed, len(listed)
    same(len(listed), len(set(listed)))
    same(client.models.retrieve("mock/openai-1").id, "mock/openai-1")
    try:
        client.models.retrieve("no/such")
    except openai.NotFoundError as error:
        same(error.body["code"], 404)
    else:
        raise AssertionError("an unknown model was found")


def the_short_address_serves_too():
    short = client.with_options(base_url=f"{URL}/v1")
    answer = short.chat.completions.create(model="mock/openai-1", messages=[{"role": "user", "content": "hi"}])
    same(answer.choices[0].message.content, "You said: hi")


def raw_answers_name_the_generation():
    raw = client.chat.completions.with_raw_response.create(model="mock/openai-1", messages=[{"role": "user", "content": "hi"}])
    same(raw.headers["x-generation-id"], raw.parse().id)
    assert raw.headers["x-request-id"].startswith("req-"), raw.headers


EACH_FAMILY = (
    chat, chat_with_system_history_and_limits, image, stream, stream_asynchronously, parallel_tools_and_their_results,
    streamed_tools, parse, streamed_parse, generation_record, a_client_that_leaves_pays_for_what_it_got, provider_is_busy,
    provider_is_broken, an_error_within_a_stream_is_raised, cannot_be_paid,
)
ONCE = (
    wrong_key, spent_key, unknown_model_and_bad_messages, falls_back_to_the_next_model, models, the_short_address_serves_too,
    raw_answers_name_the_generation,
)


def checks():
    """Every check with its name."""
    return named("openai", EACH_FAMILY, ONCE)
