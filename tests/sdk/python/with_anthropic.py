"""What a program written for the Anthropic SDK relies on, for each provider family alike."""

import asyncio
import base64
import functools
import json
import os
import urllib.request
from decimal import Decimal

import anthropic
from checks import FAMILIES, named, same

URL = os.environ["PORTOLAN_URL"]
BASE = f"{URL}/api"
KEY = os.environ["PORTOLAN_KEY"]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = base64.b64encode(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n").decode()
client = anthropic.Anthropic(base_url=BASE, auth_token=KEY, api_key=None, max_retries=0, timeout=30)


def tool(name, **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"name": name, "description": f"The {name}.", "input_schema": schema}


TOOLS = [tool("get_weather", city={"type": "string"}), tool("get_time", zone={"type": "string"})]
CALLS = "CALL:get_weather CALL:get_time"


def user(content):
    return [{"role": "user", "content": content}]


def ask(family, content, variant="1", **more):
    return client.messages.create(model=f"mock/{family}-{variant}", max_tokens=1000, messages=user(content), **more)


def streamed(family, content, **more):
    return client.messages.stream(model=f"mock/{family}-1", max_tokens=1000, messages=user(content), **more)


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def fails(kind, status, word, call):
    try:
        call()
    except kind as error:
        same(error.status_code, status)
        same(error.body["type"], "error")
        same(error.body["error"]["type"], word)
        assert error.body["error"]["message"] and error.body["error"]["error_type"], error.body
        return error
    raise AssertionError(f"no {kind.__name__}")


def cost_of(usage):
    """The list price of a usage report: 1 USD per million prompt tokens, 3 USD per million of the answer."""
    prompt = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    return (Decimal(prompt) * 1 + Decimal(usage.output_tokens) * 3) / 1_000_000


def message(family):
    answer = ask(family, "hello")
    same(text_of(answer), "You said: hello")
    same((answer.type, answer.role, answer.stop_reason, answer.stop_sequence), ("message", "assistant", "end_turn", None))
    same(answer.model, f"mock/{family}-1")
    assert answer.id.startswith("gen-"), answer.id
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0, answer.usage
    same(answer.usage.service_tier, "standard")
    same(Decimal(str(answer.usage.model_extra["cost"])), cost_of(answer.usage))


def system_history_and_limits(family):
    # Providers of the Responses format take no smaller limit than 16.
    limit = 16 if family == "openai-responses" else 2
    answer = client.messages.create(
        model=f"mock/{family}-1",
        max_tokens=limit,
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        messages=[*user("one"), {"role": "assistant", "content": "two"}, *user([{"type": "text", "text": "three, and then some more of it " * 4}])],
        stop_sequences=["never"],
        extra_body={"temperature": 0.5},
    )
    same(answer.stop_reason, "max_tokens")
    same(answer.usage.output_tokens, limit)


def image(family):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    answer = ask(family, [{"type": "text", "text": "see"}, {"type": "image", "source": source}])
    same(text_of(answer), "You said: see (with 1 image)")


def pdf(family):
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    answer = ask(family, [{"type": "document", "source": source, "title": "paper.pdf"}, {"type": "text", "text": "read"}])
    assert text_of(answer).startswith("You said: read"), answer


def stream(family):
    kinds = []
    with streamed(family, "hello") as events:
        for event in events:
            kinds.append(event.type)
        answer = events.get_final_message()
    same(text_of(answer), "You said: hello")
    same((kinds[0], kinds[-1]), ("message_start", "message_stop"))
    same([kinds.count(kind) for kind in ("message_start", "message_delta", "message_stop")], [1, 1, 1])
    same(answer.stop_reason, "end_turn")
    plain = ask(family, "hello").usage
    same((answer.usage.input_tokens, answer.usage.output_tokens), (plain.input_tokens, plain.output_tokens))


def stream_asynchronously(family):
    async def run():
        async with anthropic.AsyncAnthropic(base_url=BASE, auth_token=KEY, api_key=None, max_retries=0, timeout=30) as caller:
            async with caller.messages.stream(model=f"mock/{family}-1", max_tokens=100, messages=user("ω → 日本")) as events:
                return "".join([text async for text in events.text_stream])

    same(asyncio.run(run()), "You said: ω → 日本")


def calls_are_right(answer):
    same(answer.stop_reason, "tool_use")
    calls = [block for block in answer.content if block.type == "tool_use"]
    same([call.name for call in calls], ["get_weather", "get_time"])
    same([sorted(call.input) for call in calls], [["city"], ["zone"]])
    same(len({call.id for call in calls}), 2)
    return calls


def parallel_tools_and_their_results(family):
    answer = ask(family, CALLS, tools=TOOLS)
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": f"result {call.name}"}]}
        for call in calls_are_right(answer)
    ]
    history = [*user(CALLS), {"role": "assistant", "content": answer.content}, *user(results)]
    after = client.messages.create(model=f"mock/{family}-1", max_tokens=1000, messages=history, tools=TOOLS)
    same(after.stop_reason, "end_turn")
    assert "result" in text_of(after), after


def streamed_tools(family):
    with streamed(family, CALLS, tools=TOOLS) as events:
        calls_are_right(events.get_final_message())


def tool_runner(family):
    seen = []

    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """The weather of a city.

        Args:
            city: Its name.
        """
        seen.append(city)
        return "rain"

    runner = client.beta.messages.tool_runner(
        model=f"mock/{family}-1", max_tokens=1000, messages=user("CALL:get_weather"), tools=[get_weather]
    )
    last = runner.until_done()
    same(len(seen), 1)
    same(last.stop_reason, "end_turn")
    assert "rain" in text_of(last), last


def thinking(family):
    answer = ask(family, "hello", thinking={"type": "enabled", "budget_tokens": 1024}, extra_body={"max_tokens": 4000})
    same(text_of(answer), "You said: hello")
    same(answer.content[-1].type, "text")
    if family == "openai":
        # Chat completions of that provider do not show what they reason.
        return
    same(answer.content[0].type, "thinking")
    assert answer.content[0].thinking, answer
    history = [*user("hello"), {"role": "assistant", "content": answer.content}, *user("and now?")]
    body = {"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    again = client.messages.create(model=f"mock/{family}-1", max_tokens=4000, messages=history, extra_body=body)
    same(text_of(again), "You said: and now?")
    with streamed(family, "hello", extra_body=body) as events:
        final = events.get_final_message()
    same([block.type for block in final.content if block.type != "redacted_thinking"], ["thinking", "text"])
    same(final.content[0].thinking, answer.content[0].thinking)


def thinking_moves_to_another_provider(family):
    answer = ask(family, "hello", extra_body={"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 1024}})
    history = [*user("hello"), {"role": "assistant", "content": answer.content}, *user("and now?")]
    for other in FAMILIES:
        again = client.messages.create(model=f"mock/{other}-1", max_tokens=4000, messages=history)
        same(text_of(again), "You said: and now?")


def count_tokens(family):
    short = client.messages.count_tokens(model=f"mock/{family}-1", messages=user("hello"))
    long = client.messages.count_tokens(
        model=f"mock/{family}-1", messages=user("hello " * 100), system="Be brief.", tools=TOOLS
    )
    assert 0 < short.input_tokens < 50 < long.input_tokens < 1000, (short, long)
    is_estimate = family.startswith("openai")
    same(short.model_extra["estimated"], is_estimate)
    if not is_estimate:
        same(short.input_tokens, ask(family, "hello").usage.input_tokens)


def structured_output(family):
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False}
    answer = ask(family, "who?", output_config={"format": {"type": "json_schema", "schema": schema}})
    assert text_of(answer).startswith("{"), answer


def provider_is_busy(family):
    fails(anthropic.RateLimitError, 429, "rate_limit_error", lambda: ask(family, "x", "busy"))


def provider_is_broken(family):
    fails(anthropic.InternalServerError, 502, "api_error", lambda: ask(family, "x", "broken"))


def an_error_within_a_stream_is_raised(family):
    text = []
    try:
        for event in ask(family, "x", "cut", stream=True):
            if event.type == "content_block_delta":
                text.append(event.delta.text)
    except anthropic.APIError as error:
        same(error.body["type"], "error")
        assert error.body["request_id"].startswith("gen-"), error.body
        assert "".join(text), "content came before the error"
        return
    raise AssertionError("the stream ended as if all were well")


def cannot_be_paid(family):
    fails(anthropic.APIStatusError, 402, "billing_error", lambda: ask(family, "x", "dear"))


def wrong_key():
    stranger = client.with_options(auth_token="sk-or-v1-" + "0" * 64)
    call = lambda: stranger.messages.create(model="mock/openai-1", max_tokens=1, messages=user("x"))
    error = fails(anthropic.AuthenticationError, 401, "authentication_error", call)
    same(error.response.headers["x-should-retry"], "false")


def spent_key():
    spent = client.with_options(auth_token=os.environ["PORTOLAN_SPENT_KEY"])
    call = lambda: spent.messages.create(model="mock/openai-1", max_tokens=1, messages=user("x"))
    fails(anthropic.PermissionDeniedError, 403, "permission_error", call)


def unknown_model_and_bad_messages():
    create = functools.partial(client.messages.create, max_tokens=10)
    error = fails(anthropic.NotFoundError, 404, "not_found_error", lambda: create(model="no/such", messages=user("x")))
    same(error.response.headers["x-should-retry"], "false")
    assert error.body["request_id"].startswith("gen-"), error.body
    for messages, word in (
        ([], "messages"),
        ([{"role": "x", "content": "y"}], "messages[0].role"),
        (user([{"type": "novelty"}]), "messages[0].content[0]"),
        (user([{"type": "tool_result", "content": "y"}]), "messages[0].content[0].tool_use_id"),
    ):
        call = functools.partial(create, model="mock/openai-1", messages=messages)
        error = fails(anthropic.BadRequestError, 400, "invalid_request_error", call)
        assert word in error.body["error"]["message"], error.body


def a_thread_is_refused_so_that_the_whole_conversation_comes_again():
    create = functools.partial(client.messages.create, model="mock/openai-1", max_tokens=10, messages=user("x"))
    error = fails(anthropic.BadRequestError, 400, "invalid_request_error", lambda: create(extra_body={"thread": {"type": "create"}}))
    same(error.body["error"]["details"], {"error_code": "thread_unsupported_request", "unsupported": ["thread"]})
    thread = {"type": "continue", "previous_message_id": "msg_1"}
    error = fails(anthropic.NotFoundError, 404, "not_found_error", lambda: create(extra_body={"thread": thread}))
    same(error.body["error"]["details"]["error_code"], "thread_not_found")


def falls_back_to_the_next_model():
    answer = ask("openai", "hello", "broken", extra_body={"fallbacks": [{"model": "mock/anthropic-busy"}, {"model": "mock/gemini-1"}]})
    same(text_of(answer), "You said: hello")
    same(answer.model, "mock/gemini-1")
    both = {"fallbacks": [{"model": "mock/gemini-1"}], "models": ["mock/gemini-1"]}
    fails(anthropic.BadRequestError, 400, "invalid_request_error", lambda: ask("openai", "x", extra_body=both))


def either_header_beta_query_and_unknown_features_are_taken():
    body = {"model": "mock/anthropic-1", "max_tokens": 10, "messages": user("hi"), "novelty": {"a": 1}}
    for path in ("/api/v1/messages?beta=true", "/v1/messages"):
        for name, value in (("x-api-key", KEY), ("authorization", f"Bearer {KEY}")):
            headers = {name: value, "anthropic-version": "2023-06-01", "anthropic-beta": "somebody-elses-feature-2031-01-01,context-management-2025-06-27"}
            request = urllib.request.Request(f"{URL}{path}", json.dumps(body).encode(), {**headers, "content-type": "application/json"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                same(json.load(answer)["content"][0]["text"], "You said: hi")


def a_system_turn_keeps_its_place():
    messages = [*user("one"), {"role": "assistant", "content": "two"}, *user("three"), {"role": "system", "content": "Be brief."}]
    for family in FAMILIES:
        answer = client.messages.create(model=f"mock/{family}-1", max_tokens=100, messages=messages)
        same(answer.stop_reason, "end_turn")


EACH_FAMILY = (
    message, system_history_and_limits, image, pdf, stream, stream_asynchronously, parallel_tools_and_their_results, streamed_tools,
    tool_runner, thinking, thinking_moves_to_another_provider, count_tokens, structured_output, provider_is_busy, provider_is_broken,
    an_error_within_a_stream_is_raised, cannot_be_paid,
)
ONCE = (
    wrong_key, spent_key, unknown_model_and_bad_messages, a_thread_is_refused_so_that_the_whole_conversation_comes_again,
    falls_back_to_the_next_model, either_header_beta_query_and_unknown_features_are_taken, a_system_turn_keeps_its_place,
)


def checks():
    """Every check with its name."""
    return named("anthropic", EACH_FAMILY, ONCE)
