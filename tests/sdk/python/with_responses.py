"""The Responses API as a program written for the OpenAI SDK uses it, for each provider family alike."""

import json
import os
from decimal import Decimal

import openai
from checks import named, same
from pydantic import BaseModel

URL = os.environ["PORTOLAN_URL"]
client = openai.OpenAI(base_url=f"{URL}/api/v1", api_key=os.environ["PORTOLAN_KEY"], max_retries=0, timeout=30)
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Person(BaseModel):
    name: str
    age: int
    tags: list[str]


def tool(called, **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "function", "name": called, "description": f"The {called}.", "parameters": schema, "strict": True}


TOOLS = [tool("get_weather", city={"type": "string"}), tool("get_time", zone={"type": "string"})]


def ask(family, text="hello", variant="1", **more):
    return client.responses.create(model=f"mock/{family}-{variant}", input=text, **more)


def fails(kind, status, call):
    try:
        call()
    except kind as error:
        same(error.status_code, status)
        same(error.body["code"], status)
        assert error.body["message"], error.body
        return error
    raise AssertionError(f"no {kind.__name__}")


def plain(family):
    answer = ask(family, instructions="Be brief.", metadata={"feature": "test"})
    same(answer.output_text, "You said: hello")
    same((answer.object, answer.status, answer.model), ("response", "completed", f"mock/{family}-1"))
    assert answer.id.startswith("resp_"), answer.id
    same(answer.instructions, "Be brief.")
    same(answer.metadata, {"feature": "test"})
    usage = answer.usage
    same(usage.total_tokens, usage.input_tokens + usage.output_tokens)
    assert usage.input_tokens > 0 and usage.output_tokens > 0, usage
    cost = (Decimal(usage.input_tokens) + Decimal(usage.output_tokens) * 3) / 1_000_000
    same(Decimal(str(usage.model_extra["cost"])), cost)
    assert answer.completed_at >= answer.created_at, answer


def items_images_and_a_history(family):
    answer = client.responses.create(
        model=f"mock/{family}-1",
        input=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "one"},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
             "content": [{"type": "output_text", "text": "two", "annotations": []}]},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "see"}, {"type": "input_image", "detail": "auto", "image_url": PIXEL}]},
        ],
    )
    same(answer.output_text, "You said: see (with 1 image)")


def the_output_limit_makes_it_incomplete(family):
    answer = ask(family, "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " * 3, max_output_tokens=16)
    same(answer.status, "incomplete")
    same(answer.incomplete_details.reason, "max_output_tokens")
    same(answer.usage.output_tokens, 16)


def stream(family):
    text, kinds, numbers = "", [], []
    final = None
    for event in ask(family, stream=True):
        kinds.append(event.type)
        numbers.append(event.sequence_number)
        if event.type == "response.output_text.delta":
            text += event.delta
        if event.type == "response.completed":
            final = event.response
    same(text, "You said: hello")
    same(numbers, list(range(len(numbers))))
    same(kinds[:3], ["response.created", "response.in_progress", "response.output_item.added"])
    same(kinds[-1], "response.completed")
    same(final.output_text, text)
    same(final.usage.total_tokens, ask(family).usage.total_tokens)


def stream_helper(family):
    with client.responses.stream(model=f"mock/{family}-1", input="ω → 日本") as events:
        for _event in events:
            pass
        same(events.get_final_response().output_text, "You said: ω → 日本")


def parallel_tools_and_their_results(family):
    text = "CALL:get_weather CALL:get_time"
    answer = ask(family, text, tools=TOOLS)
    calls = [item for item in answer.output if item.type == "function_call"]
    same([call.name for call in calls], ["get_weather", "get_time"])
    same([sorted(json.loads(call.arguments)) for call in calls], [["city"], ["zone"]])
    same(len({call.call_id for call in calls}), 2)
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": f"result {call.name}"} for call in calls]
    history = [{"role": "user", "content": text}, *answer.output, *results]
    after = client.responses.create(model=f"mock/{family}-1", input=history, tools=TOOLS)
    assert "result" in after.output_text, after


def streamed_tools(family):
    with client.responses.stream(model=f"mock/{family}-1", input="CALL:get_weather CALL:get_time", tools=TOOLS) as events:
        for _event in events:
            pass
        answer = events.get_final_response()
    calls = [item for item in answer.output if item.type == "function_call"]
    same([call.name for call in calls], ["get_weather", "get_time"])
    same([sorted(json.loads(call.arguments)) for call in calls], [["city"], ["zone"]])


def parse(family):
    answer = client.responses.parse(model=f"mock/{family}-1", input="who?", text_format=Person)
    assert isinstance(answer.output_parsed, Person), answer


def streamed_parse(family):
    with client.responses.stream(model=f"mock/{family}-1", input="who?", text_format=Person) as events:
        for _event in events:
            pass
        assert isinstance(events.get_final_response().output_parsed, Person)


def reasoning_goes_there_and_back(family):
    answer = ask(family, reasoning={"effort": "low", "summary": "auto"}, include=["reasoning.encrypted_content"], max_output_tokens=4096)
    if family == "openai":
        # Chat completions of that provider shows no reasoning.
        return
    items = [item for item in answer.output if item.type == "reasoning"]
    assert items, answer
    history = [{"role": "user", "content": "hello"}, *answer.output, {"role": "user", "content": "again"}]
    after = client.responses.create(model=f"mock/{family}-1", input=history, max_output_tokens=4096, reasoning={"effort": "low"})
    same(after.output_text, "You said: again")


def namespaces_and_free_form_tools_come_back_by_their_own_names(family):
    tools = [
        {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [tool("find", name={"type": "string"})]},
        {"type": "custom", "name": "patch", "description": "Free text.", "format": {"type": "text"}},
        {"type": "web_search"},
    ]
    # A provider of this very format has namespaces of its own; others are offered plain functions.
    member = "find" if family == "openai-responses" else "crm__find"
    answer = ask(family, f'CALL:{member}{{"name":"Ann"}} CALL:patch{{"input":"*** begin"}}', tools=tools)
    found, patched = [item for item in answer.output if item.type.endswith("_call")]
    same((found.type, found.name, found.namespace), ("function_call", "find", "crm"))
    same((patched.type, patched.name, patched.input), ("custom_tool_call", "patch", "*** begin"))
    results = [
        {"type": "function_call_output", "call_id": found.call_id, "output": "one"},
        {"type": "custom_tool_call_output", "call_id": patched.call_id, "output": "done"},
    ]
    history = [{"role": "user", "content": "x"}, *answer.output, *results]
    after = client.responses.create(model=f"mock/{family}-1", input=history, tools=tools)
    assert "done" in after.output_text, after


def a_failure_within_a_stream_is_reported(family):
    kinds = []
    for event in ask(family, "x", "cut", stream=True):
        kinds.append(event.type)
        if event.type == "response.failed":
            same(event.response.status, "failed")
            same(event.response.error.code, "server_error")
            assert event.response.error.message, event
    assert "response.output_text.delta" in kinds, kinds
    same(kinds[-1], "response.failed")


def provider_errors(family):
    fails(openai.RateLimitError, 429, lambda: ask(family, "x", "busy"))
    fails(openai.RateLimitError, 429, lambda: ask(family, "x", "busy", stream=True))
    fails(openai.InternalServerError, 502, lambda: ask(family, "x", "broken"))
    fails(openai.APIStatusError, 402, lambda: ask(family, "x", "dear"))


def nothing_is_stored():
    for more in ({"store": True}, {"previous_response_id": "resp_1"}, {"background": True}):
        error = fails(openai.BadRequestError, 400, lambda: ask("openai", **more))
        assert next(iter(more)) in error.body["message"], error.body


def mistakes_are_named_in_the_callers_words():
    for given, word in (
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "ftp://x"}]}]}, "input[0].content[0]"),
        ({"input": [{"role": "user", "content": "x"}, {"role": "user", "content": [{"type": "nonsense"}]}]}, "input[1].content[0]"),
        ({"input": "x", "max_output_tokens": 0}, "max_output_tokens"),
        ({"input": "x", "tools": [{"type": "function", "name": "with blank"}]}, "tools[0]"),
    ):
        error = fails(openai.BadRequestError, 400, lambda: client.responses.create(model="mock/openai-1", **given))
        assert word in error.body["message"], error.body


def retries_go_on_until_an_answer():
    seen = []
    patient = client.with_options(max_retries=2)
    try:
        patient.responses.with_raw_response.create(model="mock/openai-broken", input="x")
    except openai.InternalServerError as error:
        seen.append(int(error.request.headers["x-stainless-retry-count"]))
    same(seen, [2])


EACH_FAMILY = (
    plain, items_images_and_a_history, the_output_limit_makes_it_incomplete, stream, stream_helper,
    parallel_tools_and_their_results, streamed_tools, parse, streamed_parse, reasoning_goes_there_and_back,
    namespaces_and_free_form_tools_come_back_by_their_own_names, a_failure_within_a_stream_is_reported, provider_errors,
)
ONCE = (nothing_is_stored, mistakes_are_named_in_the_callers_words, retries_go_on_until_an_answer)


def checks():
    """Every check with its name."""
    return named("responses", EACH_FAMILY, ONCE)
