"""Our outbound requests against the official SDKs.

For every golden case the same request is made with the provider's own SDK (PyPI openai, anthropic, google-genai) against
a recording server on loopback. The JSON body that the SDK sends must equal our golden, and every key in it must be one
that the SDK's published types know. Prints "N passed, M failed" and exits with 1 when anything failed.

Usage: python tests/official/outbound.py
"""

import json
import sys
import threading
import tomllib
import typing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anthropic
import openai
from anthropic.types import message_create_params as anthropic_params
from google import genai
from google.genai import types as gemini_types
from openai.types.chat import completion_create_params as openai_params
from openai.types.responses import response_create_params as responses_params
from typing_extensions import is_typeddict

GOLDEN = Path(__file__).parents[2] / "crates" / "dialect" / "golden" / "request"
MODELS = {"gemini": "gemini-2.5-flash"}

# Keys that we send although the SDK's types do not list them, each with the reason.
TOLERATED = {
    "openai": {
        "top_k": "for OpenAI-compatible servers; dropped where the catalogue does not list it",
        "top_a": "likewise",
        "min_p": "likewise",
        "repetition_penalty": "likewise",
        "brand_new": "the case is about unknown fields",
        "messages.cache_control": "passed on untouched unless the provider's quirks strip it",
        "messages.reasoning": "likewise",
        "messages.reasoning_details": "likewise",
        "messages.image_url": "images in tool answers: OpenAI-compatible servers take them, the SDK's type does not",
    },
    "openai-responses": {
        "input.input_audio": "the SDK has a type for it, ResponseInputAudioParam, that no union of parts lists",
    },
    "anthropic": {
        "temperature": "in the API for older models, no longer an argument of the SDK",
        "top_p": "likewise",
        "top_k": "likewise",
        "context_management": "a beta of the API, in the SDK's beta types only",
        "tools.$schema": "any JSON Schema is allowed there",
        "tools.additionalProperties": "likewise",
    },
    "gemini": {},
}


class Recorder(BaseHTTPRequestHandler):
    """Keeps the last request and answers with an error that no SDK retries."""

    last = None

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        Recorder.last = (self.path, dict(self.headers), json.loads(self.rfile.read(length)))
        answer = b'{"error":{"message":"recorded","type":"invalid_request_error","code":400}}'
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def arguments(create, body):
    """Splits a body into the SDK's own arguments and the rest, which goes out as extra_body."""
    import inspect

    known = set(inspect.signature(create).parameters)
    own = {name: value for name, value in body.items() if name in known}
    rest = {name: value for name, value in body.items() if name not in known}
    return {**own, **({"extra_body": rest} if rest else {})}


def send_openai(base, body, _):
    client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0)
    client.chat.completions.create(**arguments(client.chat.completions.create, body))


def send_openai_responses(base, body, _):
    client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0)
    client.responses.create(**arguments(client.responses.create, body))


def send_anthropic(base, body, _):
    client = anthropic.Anthropic(base_url=base, api_key="none", max_retries=0)
    client.messages.create(**arguments(client.messages.create, body))


def send_gemini(base, body, about):
    # The version is part of the provider's base address in our catalogue.
    options = gemini_types.HttpOptions(base_url=base, api_version="v1beta")
    client = genai.Client(api_key="none", http_options=options)
    settings = dict(body.get("generationConfig", {}))
    for name in ("systemInstruction", "tools", "toolConfig"):
        if name in body:
            settings[name] = body[name]
    # These models refuse unknown names, so a misspelt field fails here.
    config = gemini_types.GenerateContentConfig.model_validate(settings)
    contents = [gemini_types.Content.model_validate(content) for content in body["contents"]]
    model = about.get("gemini", {}).get("upstream_id", MODELS["gemini"])
    if about.get("stream"):
        list(client.models.generate_content_stream(model=model, contents=contents, config=config))
    else:
        client.models.generate_content(model=model, contents=contents, config=config)


def expected_path(family, about):
    if family == "openai":
        return "/v1/chat/completions"
    if family == "openai-responses":
        return "/v1/responses"
    if family == "anthropic":
        return "/v1/messages"
    model = about.get("gemini", {}).get("upstream_id", MODELS["gemini"])
    method = "streamGenerateContent?alt=sse" if about.get("stream") else "generateContent"
    return f"/v1beta/models/{model}:{method}"


# Fields whose inside belongs to the caller.
OPAQUE = {"args", "response", "parametersJsonSchema", "responseJsonSchema"}


def normal(family, body):
    """The recorded body without what the SDK adds or respells of its own accord.

    google-genai 3.4.0 writes some nested names in snake case and base64 in the URL alphabet (protobuf's JSON form reads
    either), names a role for the system text, and sends an empty generationConfig.
    """
    if family != "gemini":
        return body
    body = camel(body)
    if "systemInstruction" in body:
        body["systemInstruction"].pop("role", None)
    if not body.get("generationConfig"):
        body.pop("generationConfig", None)
    return body


def camel(value):
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, inner in value.items():
        head, *tail = key.split("_")
        key = head + "".join(word.capitalize() for word in tail)
        if key in ("data", "thoughtSignature"):
            inner = inner.replace("-", "+").replace("_", "/") if is_base64(inner) else inner
        out[key] = inner if key in OPAQUE else camel(inner)
    return out


def is_base64(text):
    # The stand-in for a missing signature is a word, not base64.
    return len(text) % 4 == 0 and text != "skip_thought_signature_validator"


def unknown_keys(value, hint, path=""):
    """Keys of `value` that the type `hint` does not list; unions are entered by their `type` or `role`."""
    if typing.get_origin(hint) in (typing.Annotated, typing.Required, typing.NotRequired):
        return unknown_keys(value, typing.get_args(hint)[0], path)
    if hasattr(hint, "__supertype__"):
        return unknown_keys(value, hint.__supertype__, path)
    members = typing.get_args(hint)
    if isinstance(value, list):
        inner = [m for h in (members if typing.get_origin(hint) is typing.Union else [hint]) for m in typing.get_args(h)]
        found = [unknown_keys(item, typing.Union[tuple(inner)], path) if inner else [] for item in value]
        return [key for keys in found for key in keys]
    if not isinstance(value, dict):
        return []
    structs = [m for m in flatten(hint) if is_typeddict(m)]
    fitting = [m for m in structs if fits(value, m)] or structs
    if not fitting:
        return []
    best = None
    for struct in fitting:
        hints = typing.get_type_hints(struct, include_extras=False)
        found = []
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            found += unknown_keys(inner, hints[key], here) if key in hints else [here]
        if best is None or len(found) < len(best):
            best = found
    return best


def flatten(hint):
    if typing.get_origin(hint) in (typing.Union, __import__("types").UnionType):
        return [inner for member in typing.get_args(hint) for inner in flatten(member)]
    return [hint]


def fits(value, struct):
    hints = typing.get_type_hints(struct, include_extras=False)
    for tag in ("type", "role"):
        if tag in value and tag in hints:
            words = [w for h in flatten(hints[tag]) for w in typing.get_args(h)]
            if words and value[tag] not in words:
                return False
    return True


SCHEMAS = {
    "openai": openai_params.CompletionCreateParamsNonStreaming,
    "openai-responses": responses_params.ResponseCreateParamsNonStreaming,
    "anthropic": anthropic_params.MessageCreateParamsNonStreaming,
}
SENDERS = {"openai": send_openai, "openai-responses": send_openai_responses, "anthropic": send_anthropic, "gemini": send_gemini}


def goldens(folder, family):
    """What a family is sent in a case: the same for every caller's dialect, or with a file of its own for one of them."""
    own = (folder / f"{dialect}.{family}.json" for dialect in ("messages", "responses"))
    return [path for path in (folder / f"{family}.json", *own) if path.exists()]


def check(base, family, path, about):
    golden = json.loads(path.read_text())
    Recorder.last = None
    try:
        SENDERS[family](base, golden, about)
    except (openai.BadRequestError, anthropic.BadRequestError, genai.errors.ClientError):
        pass  # the recorder's answer
    if Recorder.last is None:
        return "the SDK sent nothing"
    sent_to, _, body = Recorder.last
    if sent_to != expected_path(family, about):
        return f"path {sent_to}"
    if normal(family, body) != golden:
        return f"SDK sends {json.dumps(normal(family, body))}\n      we send   {json.dumps(golden)}"
    if family in SCHEMAS:
        schema_free = {k: v for k, v in golden.items() if k != "stream"}
        unknown = [key for key in unknown_keys(schema_free, SCHEMAS[family]) if not is_tolerated(family, key)]
        if unknown:
            return f"keys that the SDK's types do not know: {unknown}"
    return None


def is_tolerated(family, key):
    top, _, last = key.partition(".")
    return key in TOLERATED[family] or f"{top}.{last.rsplit('.', 1)[-1]}" in TOLERATED[family]


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    passed, failed = 0, 0
    for folder in sorted(GOLDEN.iterdir()):
        about = tomllib.loads((folder / "about.toml").read_text())
        for family in SENDERS:
            if family in about.get("refused", []):
                continue
            paths = goldens(folder, family)
            if not paths:
                failed += 1
                print(f"FAILED {folder.name} {family}: no golden")
            for path in paths:
                try:
                    problem = check(base, family, path, about)
                except Exception as error:  # a case that the SDK itself refuses is a failure like any other
                    problem = f"{type(error).__name__}: {error}"
                if problem is None:
                    passed += 1
                else:
                    failed += 1
                    print(f"FAILED {folder.name} {path.name}: {problem}")
    server.shutdown()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
