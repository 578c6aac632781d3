"""Legacy completions and embeddings as a program written for the OpenAI SDK uses them."""

import os
from decimal import Decimal

import openai
from checks import named, same

URL = os.environ["PORTOLAN_URL"]
client = openai.OpenAI(base_url=f"{URL}/api/v1", api_key=os.environ["PORTOLAN_KEY"], max_retries=0, timeout=30)
EMBEDDERS = ("openai", "openai-responses", "gemini")


def completion(family):
    answer = client.completions.create(model=f"mock/{family}-1", prompt="hello")
    same((answer.object, answer.choices[0].text, answer.choices[0].finish_reason), ("text_completion", "You said: hello", "stop"))
    cost = (Decimal(answer.usage.prompt_tokens) + Decimal(answer.usage.completion_tokens) * 3) / 1_000_000
    same(Decimal(str(answer.usage.model_extra["cost"])), cost)
    echoed = client.completions.create(model=f"mock/{family}-1", prompt=["hello"], echo=True)
    same(echoed.choices[0].text, "helloYou said: hello")


def streamed_completion(family):
    text, reasons, usages = "", [], 0
    for chunk in client.completions.create(model=f"mock/{family}-1", prompt="hello", stream=True):
        text += "".join(choice.text for choice in chunk.choices)
        reasons += [choice.finish_reason for choice in chunk.choices if choice.finish_reason]
        usages += chunk.usage is not None
    same((text, reasons, usages), ("You said: hello", ["stop"], 1))


def embedding(family):
    model = f"mock/{family}-embed"
    # The SDK asks for packed vectors unless told otherwise, and unpacks them.
    packed = client.embeddings.create(model=model, input=["one", "two"])
    plain = client.embeddings.create(model=model, input="one", encoding_format="float")
    same([entry.index for entry in packed.data], [0, 1])
    assert len(plain.data[0].embedding) > 3, plain
    assert all(abs(a - b) < 1e-6 for a, b in zip(packed.data[0].embedding, plain.data[0].embedding)), packed
    assert packed.data[0].embedding != packed.data[1].embedding
    same((plain.object, plain.model), ("list", model))
    assert plain.usage.prompt_tokens > 0, plain.usage
    same(Decimal(str(plain.usage.model_extra["cost"])), Decimal(plain.usage.prompt_tokens) / 2_000_000)
    short = client.embeddings.create(model=model, input="one", dimensions=8)
    same(len(short.data[0].embedding), 8)


def embedding_of_tokens():
    answer = client.embeddings.create(model="mock/openai-embed", input=[[1, 2, 3], [4, 5]])
    same(len(answer.data), 2)
    same(answer.usage.prompt_tokens, 5)
    for given in ("", [], ["a", [1]], [[-1]]):
        try:
            client.embeddings.create(model="mock/openai-embed", input=given)
        except openai.BadRequestError as error:
            assert "input" in error.body["message"], error.body
        else:
            raise AssertionError(f"{given!r} was accepted")


def checks():
    """Every check with its name."""
    yield from named("completions", (completion, streamed_completion))
    yield from named("embeddings", (embedding,), (embedding_of_tokens,), EMBEDDERS)
