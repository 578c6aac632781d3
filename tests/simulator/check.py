"""Drives the provider simulator with the providers' official SDKs.

Usage: SIMULATOR_URL=http://127.0.0.1:9100 python check.py [word]

With a word only the checks whose name contains it run. Exit code 1 when a check fails. The simulator shares no code
with the gateway; that these SDKs understand it is what makes it worth testing against.
"""

import base64
import os
import sys
import traceback
from typing import Callable, List, Optional

import anthropic
import openai
from google import genai
from google.genai import errors as google_errors
from google.genai import types
from pydantic import BaseModel

URL = os.environ["SIMULATOR_URL"].rstrip("/")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city", "days"],
    "additionalProperties": False,
}

chat = openai.OpenAI(base_url=f"{URL}/v1", api_key="sk-check", max_retries=0, timeout=20)
claude = anthropic.Anthropic(base_url=URL, api_key="sk-check", max_retries=0, timeout=20)
gemini = genai.Client(
    api_key="sk-check",
    http_options=types.HttpOptions(base_url=URL, timeout=20_000, retry_options=types.HttpRetryOptions(attempts=1)),
)
CHECKS: List[Callable[[], None]] = []


class Person(BaseModel):
    name: str
    age: int
    tags: List[str]
    boss: Optional["Person"] = None


class Flat(BaseModel):
    name: str
    age: int
    tags: List[str]


def check(function):
    CHECKS.append(function)
    return function


def same(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


def fails(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def user(text):
    return [{"role": "user", "content": text}]


# --- OpenAI -----------------------------------------------------------------------------------------------------


@check
def openai_plain():
    answer = chat.chat.completions.create(model="echo-1", messages=user("hello TAG:one"))
    same(answer.choices[0].message.content, "TAG:one You said: hello")
    same(answer.choices[0].finish_reason, "stop")
    same(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
    same(answer.usage.completion_tokens, 6)


@check
def openai_stream_equals_plain():
    plain = chat.chat.completions.create(model="echo-1", messages=user("añ漢🦀 hello"))
    text, usage, reasons = "", None, []
    for chunk in chat.chat.completions.create(
        model="echo-1", messages=user("añ漢🦀 hello"), stream=True, stream_options={"include_usage": True}
    ):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
        usage = chunk.usage or usage
    same(text, plain.choices[0].message.content)
    same(usage, plain.usage)
    same(reasons, ["stop"])


@check
def openai_limits_and_stops():
    cut = chat.chat.completions.create(model="echo-1", messages=user("a long enough text"), max_tokens=2)
    same((cut.choices[0].finish_reason, cut.choices[0].message.content), ("length", "You said"))
    stopped = chat.chat.completions.create(model="echo-1", messages=user("one STOP two"), stop=["STOP"])
    same((stopped.choices[0].finish_reason, stopped.choices[0].message.content), ("stop", "You said: one "))
    same(len(chat.chat.completions.create(model="echo-1", messages=user("x"), n=3).choices), 3)


def openai_tools():
    return [
        {"type": "function", "function": {"name": name, "parameters": WEATHER, "strict": True}}
        for name in ("weather", "tides")
    ]


@check
def openai_parallel_tools_and_results():
    messages = user("CALL:weather and CALL:tides{\"city\":\"Cork\",\"days\":2}")
    answer = chat.chat.completions.create(model="echo-1", messages=messages, tools=openai_tools())
    calls = answer.choices[0].message.tool_calls
    same([call.function.name for call in calls], ["weather", "tides"])
    same(calls[1].function.arguments.replace(" ", ""), '{"city":"Cork","days":2}')
    same(answer.choices[0].finish_reason, "tool_calls")
    messages = messages + [answer.choices[0].message.model_dump(exclude_none=True, exclude={"annotations"})]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": f"result of {call.function.name}"} for call in calls]
    after = chat.chat.completions.create(model="echo-1", messages=messages, tools=openai_tools())
    same(after.choices[0].message.content, "The tool said: result of weather; result of tides")


@check
def openai_stream_tools_and_parse():
    with chat.chat.completions.stream(
        model="echo-1", messages=user("CALL:weather CALL:tides"), tools=openai_tools()
    ) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls
    same([call.function.name for call in calls], ["weather", "tides"])
    same(calls[0].function.parsed_arguments, {"city": "text", "days": 1})
    for choice in ("required", {"type": "function", "function": {"name": "weather"}}):
        forced = chat.chat.completions.create(
            model="echo-1", messages=user("x"), tools=openai_tools(), tool_choice=choice
        )
        same(len(forced.choices[0].message.tool_calls), 1)
    parsed = chat.chat.completions.parse(model="echo-1", messages=user("x"), response_format=Person)
    assert isinstance(parsed.choices[0].message.parsed, Person)


@check
def openai_image_and_reasoning():
    url = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
    content = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = chat.chat.completions.create(model="echo-1", messages=user(content))
    same(answer.choices[0].message.content, "You said: see (with 1 image)")
    same(answer.usage.prompt_tokens, 257)
    model = "echo-1~answer.reasoning=deep thought~usage.cached=5"
    answer = chat.chat.completions.create(model=model, messages=user("x"))
    same(answer.choices[0].message.model_extra["reasoning_content"], "deep thought")
    same(answer.usage.completion_tokens_details.reasoning_tokens, 3)
    same(answer.usage.prompt_tokens_details.cached_tokens, 5)


@check
def openai_errors():
    for status, kind in [
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (404, openai.NotFoundError),
    ]:
        model = f"echo-1~headers.status={status}~headers.retry_after=7"
        error = fails(kind, lambda: chat.chat.completions.create(model=model, messages=user("x")))
        same(error.status_code, status)
        same(error.response.headers["retry-after"], "7")
        assert error.body["message"] and error.body["type"]
    error = fails(
        openai.BadRequestError,
        lambda: chat.chat.completions.create(model="echo-1", messages=user("x"), extra_body={"unheard_of": 1}),
    )
    assert "Unrecognized request argument supplied: unheard_of" in str(error)
    error = fails(
        openai.APIError,
        lambda: list(
            chat.chat.completions.create(model="echo-1~body.error_after=2", messages=user("x"), stream=True)
        ),
    )
    same(error.type, "server_error")


@check
def openai_embeddings_and_models():
    packed = chat.embeddings.create(model="embed-1", input=["one", "two", "one"])
    same(len(packed.data), 3)
    same(packed.data[0].embedding, packed.data[2].embedding)
    assert packed.data[0].embedding != packed.data[1].embedding
    plain = chat.embeddings.create(model="embed-1", input="one", encoding_format="float", dimensions=16)
    assert all(abs(a - b) < 1e-6 for a, b in zip(plain.data[0].embedding, packed.data[0].embedding))
    assert "echo-1" in [model.id for model in chat.models.list()]
    same(chat.models.retrieve("vendor/slug").id, "vendor/slug")


@check
def openai_completions():
    plain = chat.completions.create(model="echo-1", prompt="hello")
    same((plain.choices[0].text, plain.choices[0].finish_reason), ("You said: hello", "stop"))
    chunks = list(
        chat.completions.create(
            model="echo-1", prompt="hello", stream=True, stream_options={"include_usage": True}
        )
    )
    same("".join(choice.text for chunk in chunks for choice in chunk.choices), "You said: hello")
    same(chunks[-1].usage, plain.usage)


def response_tools():
    return [{"type": "function", "name": name, "parameters": WEATHER, "strict": True} for name in ("weather", "tides")]


@check
def openai_responses_plain_and_stream():
    plain = chat.responses.create(model="echo-1", input="hello", instructions="be kind")
    same((plain.output_text, plain.status), ("You said: hello", "completed"))
    with chat.responses.stream(model="echo-1", input="hello", instructions="be kind") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    same((text, final.output_text), (plain.output_text, plain.output_text))
    same(final.usage, plain.usage)
    cut = chat.responses.create(model="echo-1~answer.tokens=100", input="x", max_output_tokens=16)
    same((cut.status, cut.incomplete_details.reason), ("incomplete", "max_output_tokens"))
    seen = chat.responses.create(model="echo-1", input="x", reasoning={"summary": "auto"})
    same([item.type for item in seen.output], ["reasoning", "message"])
    same(seen.output[0].encrypted_content, None)


@check
def openai_responses_sealed_reasoning():
    asked = {"model": "echo-1", "store": False, "reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]}
    with chat.responses.stream(input="hello", **asked) as stream:
        list(stream)
        thought = stream.get_final_response().output[0].model_dump(exclude_none=True)
    assert thought["encrypted_content"], thought
    again = [*user("hello"), thought, *user("again")]
    same(chat.responses.create(input=again, **asked).output_text, "You said: again")
    for wrong in ({**thought, "id": "rs_of_another"}, {**thought, "encrypted_content": None}):
        fails(openai.BadRequestError, lambda: chat.responses.create(input=[wrong, *user("x")], **asked))


@check
def openai_responses_namespaces_and_free_form_tools():
    member = {"type": "function", "name": "find", "parameters": WEATHER, "strict": True}
    tools = [
        {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [member]},
        {"type": "custom", "name": "patch"},
    ]
    question = {"role": "user", "content": 'CALL:find CALL:patch{"input":"*** begin"}'}
    answer = chat.responses.create(model="echo-1", input=[question], tools=tools)
    with chat.responses.stream(model="echo-1", input=[question], tools=tools) as stream:
        texts = [event.delta for event in stream if event.type == "response.custom_tool_call_input.delta"]
        same([item.type for item in stream.get_final_response().output], [item.type for item in answer.output])
    found, patched = answer.output
    same((found.type, found.name, found.namespace), ("function_call", "find", "crm"))
    same((patched.type, patched.name, patched.input, "".join(texts)), ("custom_tool_call", "patch", "*** begin", "*** begin"))
    results = [
        {"type": "function_call_output", "call_id": found.call_id, "output": "one"},
        {"type": "custom_tool_call_output", "call_id": patched.call_id, "output": "done"},
    ]
    after = chat.responses.create(model="echo-1", input=[question, *answer.output, *results], tools=tools)
    same(after.output_text, "The tool said: one; done")
    fails(openai.BadRequestError, lambda: chat.responses.create(model="echo-1", input=[question, *answer.output, results[0]], tools=tools))


@check
def openai_responses_tools_and_parse():
    question = {"role": "user", "content": "CALL:weather CALL:tides"}
    with chat.responses.stream(model="echo-1", input=[question], tools=response_tools()) as stream:
        list(stream)
        answer = stream.get_final_response()
    same([(item.name, item.parsed_arguments) for item in answer.output],
         [(name, {"city": "text", "days": 1}) for name in ("weather", "tides")])
    calls = [item.model_dump(exclude={"parsed_arguments"}, exclude_none=True) for item in answer.output]
    results = [{"type": "function_call_output", "call_id": item.call_id, "output": item.name} for item in answer.output]
    after = chat.responses.create(model="echo-1", input=[question, *calls, *results], tools=response_tools())
    same(after.output_text, "The tool said: weather; tides")
    fails(openai.BadRequestError, lambda: chat.responses.create(model="echo-1", input=[question, *calls]))
    parsed = chat.responses.parse(model="echo-1", input="x", text_format=Flat)
    assert isinstance(parsed.output_parsed, Flat)


@check
def openai_responses_errors():
    error = fails(openai.RateLimitError, lambda: chat.responses.create(model="echo-1~headers.status=429", input="x"))
    same(error.code, "rate_limit_exceeded")
    last = list(chat.responses.create(model="echo-1~body.error_after=1", input="x", stream=True))[-1]
    same((last.type, last.code, last.sequence_number), ("error", "server_error", 5))


# --- Anthropic --------------------------------------------------------------------------------------------------


def message(text="hello", **more):
    return claude.messages.create(model=more.pop("model", "echo-1"), max_tokens=more.pop("max_tokens", 4096), messages=more.pop("messages", user(text)), **more)


@check
def anthropic_plain():
    answer = message("hello TAG:two", system="be kind")
    same(answer.content[0].text, "TAG:two You said: hello")
    same((answer.stop_reason, answer.type, answer.role), ("end_turn", "message", "assistant"))
    same(answer.usage.output_tokens, 6)


@check
def anthropic_stream_equals_plain():
    plain = message("añ漢🦀 hello")
    with claude.messages.stream(model="echo-1", max_tokens=4096, messages=user("añ漢🦀 hello")) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    same(text, plain.content[0].text)
    same(final.content[0].text, text)
    same(final.usage, plain.usage)
    same(final.stop_reason, "end_turn")


@check
def anthropic_limits_and_stops():
    cut = message("a long enough text", max_tokens=2)
    same((cut.stop_reason, cut.content[0].text), ("max_tokens", "You said"))
    stopped = message("one STOP two", stop_sequences=["STOP"])
    same((stopped.stop_reason, stopped.stop_sequence), ("stop_sequence", "STOP"))


def claude_tools():
    return [{"name": name, "input_schema": WEATHER} for name in ("weather", "tides")]


@check
def anthropic_tools_thinking_and_results():
    thinking = {"type": "enabled", "budget_tokens": 1024}
    messages = user("CALL:weather CALL:tides")
    answer = message(messages=messages, tools=claude_tools(), thinking=thinking)
    same([block.type for block in answer.content], ["thinking", "tool_use", "tool_use"])
    same(answer.stop_reason, "tool_use")
    same(answer.content[1].input, {"city": "text", "days": 1})
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": f"result of {block.name}"}
        for block in answer.content[1:]
    ]
    turn = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]}
    after = message(messages=messages + [turn, {"role": "user", "content": results}], tools=claude_tools(), thinking=thinking)
    same(after.content[1].text, "The tool said: result of weather; result of tides")
    turn["content"][0]["thinking"] += "!"
    error = fails(
        anthropic.BadRequestError,
        lambda: message(messages=messages + [turn, {"role": "user", "content": results}], tools=claude_tools()),
    )
    assert "Invalid `signature`" in str(error)


@check
def anthropic_stream_tools_and_thinking():
    with claude.messages.stream(
        model="echo-1",
        max_tokens=4096,
        messages=user("CALL:weather CALL:tides"),
        tools=claude_tools(),
        thinking={"type": "adaptive"},
    ) as stream:
        final = stream.get_final_message()
    same([block.type for block in final.content], ["thinking", "tool_use", "tool_use"])
    assert final.content[0].signature
    same(final.content[2].input, {"city": "text", "days": 1})
    assert final.usage.output_tokens_details.thinking_tokens > 0
    forced = message("x", tools=claude_tools(), tool_choice={"type": "tool", "name": "tides"})
    same(forced.content[0].name, "tides")


@check
def anthropic_parse_image_and_cache():
    parsed = claude.messages.parse(model="echo-1", max_tokens=4096, messages=user("x"), output_format=Flat)
    assert isinstance(parsed.parsed_output, Flat)
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PIXEL).decode()}
    answer = message(messages=user([{"type": "image", "source": source}, {"type": "text", "text": "see"}]))
    same(answer.content[0].text, "You said: see (with 1 image)")
    model = "echo-1~usage.prompt=100~usage.cached=50~usage.cache_write=20~usage.cache_write_1h=10"
    usage = message(model=model).usage
    same((usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens), (20, 50, 30))
    same(usage.cache_creation.ephemeral_1h_input_tokens, 10)


@check
def anthropic_errors():
    for status, kind, name in [
        (401, anthropic.AuthenticationError, "authentication_error"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (500, anthropic.InternalServerError, "api_error"),
        (529, anthropic.APIStatusError, "overloaded_error"),
    ]:
        error = fails(kind, lambda: message(model=f"echo-1~headers.status={status}"))
        same((error.status_code, error.body["error"]["type"]), (status, name))
    for words, more in [
        ("Extra inputs are not permitted", {"extra_body": {"unheard_of": 1}}),
        ("greater than or equal to 1024", {"thinking": {"type": "enabled", "budget_tokens": 10}}),
        ("first message must use", {"messages": [{"role": "assistant", "content": "x"}]}),
    ]:
        assert words in str(fails(anthropic.BadRequestError, lambda: message(**more))), words

    def stream():
        with claude.messages.stream(
            model="echo-1~body.error_after=2~body.error_status=529", max_tokens=64, messages=user("x")
        ) as events:
            events.get_final_message()

    assert "overloaded_error" in str(fails(anthropic.APIStatusError, stream).body)


@check
def anthropic_count_tokens_and_models():
    counted = claude.messages.count_tokens(model="echo-1", messages=user("hello there"), system="be kind")
    same(counted.input_tokens, message("hello there", system="be kind").usage.input_tokens)
    assert "echo-1" in [model.id for model in claude.models.list()]
    same(claude.models.retrieve("echo-1").id, "echo-1")


# --- Gemini -----------------------------------------------------------------------------------------------------


def generate(contents="hello", model="echo-1", **config):
    return gemini.models.generate_content(
        model=model, contents=contents, config=types.GenerateContentConfig(**config)
    )


@check
def gemini_plain():
    answer = generate("hello TAG:three", system_instruction="be kind")
    same(answer.text, "TAG:three You said: hello")
    same(answer.candidates[0].finish_reason, types.FinishReason.STOP)
    usage = answer.usage_metadata
    same(usage.total_token_count, usage.prompt_token_count + usage.candidates_token_count)


@check
def gemini_stream_equals_plain():
    plain = generate("añ漢🦀 hello")
    chunks = list(gemini.models.generate_content_stream(model="echo-1", contents="añ漢🦀 hello"))
    same("".join(chunk.text or "" for chunk in chunks), plain.text)
    same(chunks[-1].usage_metadata, plain.usage_metadata)
    same(chunks[-1].candidates[0].finish_reason, types.FinishReason.STOP)


@check
def gemini_limits_and_stops():
    cut = generate("a long enough text", max_output_tokens=2)
    same((cut.candidates[0].finish_reason, cut.text), (types.FinishReason.MAX_TOKENS, "You said"))
    same(generate("one STOP two", stop_sequences=["STOP"]).text, "You said: one ")


def gemini_tools(json_schema):
    schema = {key: value for key, value in WEATHER.items() if key != "additionalProperties"}
    key = "parameters_json_schema" if json_schema else "parameters"
    functions = [types.FunctionDeclaration(name=name, **{key: schema}) for name in ("weather", "tides")]
    return [types.Tool(function_declarations=functions)]


@check
def gemini_tools_thoughts_and_results():
    for json_schema in (False, True):
        config = {
            "tools": gemini_tools(json_schema),
            "thinking_config": types.ThinkingConfig(include_thoughts=True, thinking_budget=1024),
        }
        question = types.Content(role="user", parts=[types.Part(text="CALL:weather CALL:tides")])
        answer = generate([question], **config)
        calls = answer.function_calls
        same([call.name for call in calls], ["weather", "tides"])
        same(calls[0].args, {"city": "text", "days": 1})
        parts = answer.candidates[0].content.parts
        assert parts[0].thought and parts[1].thought_signature
        results = [
            types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"result": call.name}))
            for call in calls
        ]
        after = generate([question, answer.candidates[0].content, types.Content(role="user", parts=results)], **config)
        same(after.text, "The tool said: weather; tides")


@check
def gemini_stream_tools_and_thoughts():
    chunks = list(
        gemini.models.generate_content_stream(
            model="echo-1",
            contents="CALL:weather CALL:tides",
            config=types.GenerateContentConfig(
                tools=gemini_tools(True), thinking_config=types.ThinkingConfig(include_thoughts=True)
            ),
        )
    )
    calls = [call for chunk in chunks for call in chunk.function_calls or []]
    same([call.name for call in calls], ["weather", "tides"])
    assert chunks[-1].usage_metadata.thoughts_token_count > 0
    mode = types.FunctionCallingConfig(mode="ANY", allowed_function_names=["tides"])
    forced = generate("x", tools=gemini_tools(False), tool_config=types.ToolConfig(function_calling_config=mode))
    same([call.name for call in forced.function_calls], ["tides"])


@check
def gemini_parse_image_and_cache():
    parsed = generate("x", response_mime_type="application/json", response_schema=Flat)
    assert isinstance(parsed.parsed, Flat)
    image = types.Part.from_bytes(data=PIXEL, mime_type="image/png")
    answer = generate([types.Content(role="user", parts=[types.Part(text="see"), image])])
    same(answer.text, "You said: see (with 1 image)")
    usage = generate("x", model="echo-1~usage.prompt=100~usage.cached=40").usage_metadata
    same((usage.prompt_token_count, usage.cached_content_token_count), (100, 40))


@check
def gemini_errors():
    for status, kind, word in [
        (401, google_errors.ClientError, "UNAUTHENTICATED"),
        (429, google_errors.ClientError, "RESOURCE_EXHAUSTED"),
        (500, google_errors.ServerError, "INTERNAL"),
        (503, google_errors.ServerError, "UNAVAILABLE"),
    ]:
        error = fails(kind, lambda: generate(model=f"echo-1~headers.status={status}"))
        same((error.code, error.status), (status, word))
    error = fails(google_errors.ClientError, lambda: generate(temperature=9))
    same(error.status, "INVALID_ARGUMENT")
    bad = types.HttpOptions(extra_body={"unheardOf": 1})
    error = fails(google_errors.ClientError, lambda: generate(http_options=bad))
    assert "Unknown name \"unheardOf\"" in error.message, error.message


@check
def gemini_count_tokens_embeddings_and_models():
    same(gemini.models.count_tokens(model="echo-1", contents="hello there").total_tokens, 3)
    vectors = gemini.models.embed_content(model="embed-1", contents=["one", "two"]).embeddings
    same(len(vectors), 2)
    assert vectors[0].values != vectors[1].values
    assert "models/echo-1" in [model.name for model in gemini.models.list()]
    same(gemini.models.get(model="echo-1").name, "models/echo-1")


@check
def gemini_older_path():
    older = genai.Client(api_key="sk-check", http_options=types.HttpOptions(base_url=URL, api_version="v1beta"))
    same(older.models.generate_content(model="vendor/slug", contents="x").text, "You said: x")


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    passed, failed = 0, 0
    for function in CHECKS:
        if wanted not in function.__name__:
            continue
        try:
            function()
            passed += 1
        except Exception:
            failed += 1
            print(f"FAILED {function.__name__}")
            traceback.print_exc()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
