"""Live answers through the official SDKs while their providers are killed and come back.

    dying.py [--seconds 8] [--seed 1]

Three simulated providers serve one model. One after another is killed (SIGKILL) and started again on its port, so that at
most one is away at a time. Clients stream and ask plainly all the while. An answer that ends without an exception must be
the expected text to the last letter: nothing cut, doubled or out of order. One that breaks after its beginning must say so
by an exception, and what came before must be a beginning of the expected text. Before the first content nothing may fail:
two providers are there.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import openai
from openrouter import OpenRouter
from world import BINARY, Process, World

NAMES = ("one", "two", "three")
CLIENTS = 6
AWAY_SECONDS = 0.5

PROVIDER = """
[providers.{name}]
dialect = "openai"
base_url = "http://127.0.0.1:{port}/v1"
api_key = "sk-upstream"
"""
ENDPOINT = """
[[models.endpoints]]
provider = "{name}"
upstream_id = "echo-1~body.chunk_delay_ms=4"
price = {{ prompt = "1", completion = "1" }}
"""
MODEL = """
[[models]]
id = "mock/three"
context_length = 128000
max_completion_tokens = 16000
input_modalities = ["text"]
output_modalities = ["text"]
supported_parameters = ["max_tokens"]
"""


class Provider:
    """A simulator that can be killed and started again on its port."""

    def __init__(self, folder, name):
        self.folder, self.name, self.port = folder, name, 0
        self.start()

    def start(self):
        arguments = [BINARY, "simulate", "--listen", f"127.0.0.1:{self.port}", "--api-key", "sk-upstream"]
        self.process = Process(arguments, Path(self.folder) / f"{self.name}.log")
        _, match = self.process.wait_for(r"http://127\.0\.0\.1:(\d+)")
        self.port = int(match.group(1))

    def kill(self):
        self.process.child.kill()
        self.process.stop()


class Tally:
    """What became of the answers."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {"whole": 0, "broken in band": 0}
        self.wrong = []

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def fault(self, what):
        with self.lock:
            self.wrong.append(what)


def request(number):
    """A message whose echo tells every place in it."""
    return " ".join(f"n{number}w{word:03d}" for word in range(60))


def judge(tally, what, text, expected, error):
    if error is None and text == expected:
        tally.count("whole")
    elif error is None:
        tally.fault(f"{what}: ended without an exception as {text!r}")
    elif not text:
        tally.fault(f"{what}: failed before any content: {error!r}")
    elif expected.startswith(text):
        tally.count("broken in band")
    else:
        tally.fault(f"{what}: {text!r} is no beginning of the answer, then {error!r}")


def streamed_openai(client, message):
    chunks = client.chat.completions.create(model="mock/three", stream=True, max_tokens=2000, messages=[{"role": "user", "content": message}])
    for chunk in chunks:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


def streamed_openrouter(client, message):
    with client.chat.send(model="mock/three", stream=True, max_tokens=2000, messages=[{"role": "user", "content": message}]) as chunks:
        for chunk in chunks:
            error = getattr(chunk, "error", None)
            if error:
                raise RuntimeError(f"in band: {error}")
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content


def plain_openai(client, message):
    answer = client.chat.completions.create(model="mock/three", max_tokens=2000, messages=[{"role": "user", "content": message}])
    yield answer.choices[0].message.content


def worker(url, key, tally, number, ends):
    ways = (
        ("openai, streamed", streamed_openai, openai.OpenAI(base_url=f"{url}/api/v1", api_key=key, max_retries=0)),
        ("openrouter, streamed", streamed_openrouter, OpenRouter(server_url=f"{url}/api/v1", api_key=key, retry_config=None)),
        ("openai, plain", plain_openai, openai.OpenAI(base_url=f"{url}/api/v1", api_key=key, max_retries=0)),
    )
    turn = number
    while time.monotonic() < ends:
        name, ask, client = ways[turn % len(ways)]
        message = request(turn)
        text, error = "", None
        try:
            for piece in ask(client, message):
                text += piece
        except Exception as raised:
            error = raised
        judge(tally, f"client {number}, {name}", text, f"You said: {message}", error)
        turn += CLIENTS


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, tally, deaths = random.Random(options.seed), Tally(), 0
    with tempfile.TemporaryDirectory(prefix="portolan-test-") as folder:
        providers = [Provider(folder, name) for name in NAMES]
        config = '[health]\nprobe_interval = "1s"\n'
        config += "".join(PROVIDER.format(name=one.name, port=one.port) for one in providers)
        config += MODEL + "".join(ENDPOINT.format(name=one.name) for one in providers)
        try:
            with World(config) as world:
                key = world.command("key", "create", "--name", "dying", "--credits", "50", "-q")
                ends = time.monotonic() + options.seconds
                clients = [threading.Thread(target=worker, args=(world.url, key, tally, number, ends)) for number in range(CLIENTS)]
                for client in clients:
                    client.start()
                while time.monotonic() < ends:
                    victim = chance.choice(providers)
                    time.sleep(chance.uniform(0.1, 0.6))
                    victim.kill()
                    deaths += 1
                    time.sleep(AWAY_SECONDS)
                    victim.start()
                for client in clients:
                    client.join()
                world.discard()
        finally:
            for one in providers:
                one.process.stop()
    counts = ", ".join(f"{count} {what}" for what, count in tally.counts.items())
    print(f"{deaths} deaths in {options.seconds:.0f} s, seed {options.seed}: {counts}, {len(tally.wrong)} wrong")
    for wrong in tally.wrong[:20]:
        print(f"WRONG {wrong}")
    # In a short run all deaths may fall between answers; a long one that breaks none has shown nothing.
    has_bite = options.seconds < 30 or tally.counts["broken in band"] > 0
    is_good = not tally.wrong and tally.counts["whole"] > 20 and deaths > 2 and has_bite
    print(f"{int(is_good)} passed, {int(not is_good)} failed")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
