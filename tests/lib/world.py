"""A private Portolan for tests: simulators, configuration, server, keys; every process ends with the world."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from queue import Empty, Queue

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug"
BINARY = os.environ.get("PORTOLAN_TEST_BINARY", str(BUILT / "portolan"))
START_SECONDS = 30
STOP_SECONDS = 20
FAMILIES = {"openai": "/v1", "openai-responses": "/v1", "anthropic": "", "gemini": ""}

PROVIDER = """
[providers.sim-{family}]
dialect  = "{family}"
base_url = "{address}{path}"
api_key  = "sk-upstream"
{extra}
"""

MODEL = """
[[models]]
id = "mock/{name}"
context_length = 128000
max_completion_tokens = 16000
input_modalities = ["text", "image", "file"]
output_modalities = ["text"]
supported_parameters = [
    "tools", "tool_choice", "max_tokens", "temperature", "stop", "response_format", "structured_outputs", "reasoning",
]
[[models.endpoints]]
provider = "sim-{family}"
upstream_id = "{upstream}"
price = {{ prompt = "1.00", completion = "3.00", request = "{request}" }}
"""

EMBEDDER = """
[[models]]
id = "mock/{family}-embed"
context_length = 8192
output_modalities = ["embeddings"]
[[models.endpoints]]
provider = "sim-{family}"
upstream_id = "embed-1"
price = {{ prompt = "0.50", completion = "0" }}
"""

# Listed among the models that draw; nothing asks it.
PAINTER = """
[[models]]
id = "mock/painter"
context_length = 32000
output_modalities = ["text", "image"]
supported_parameters = ["max_tokens", "seed"]
[[models.endpoints]]
provider = "sim-gemini"
upstream_id = "echo-1"
price = { prompt = "1.00", completion = "3.00", image_output = "30.00" }
"""

# A family whose provider keeps nothing.
FORGETFUL = "anthropic"
FORGETS = "data_policy = { training = false, retains_prompts = false, retention_days = 0, zdr = true }"

# Name, what the simulator is asked for, USD per request. Tokens cost 1 and 3 USD per million throughout.
VARIANTS = (
    ("1", "echo-1", "0"),
    ("slow", "echo-1~answer.tokens=100~body.chunk_delay_ms=20", "0"),
    ("busy", "echo-1~headers.status=429~headers.retry_after=7", "0"),
    ("broken", "echo-1~headers.status=500", "0"),
    ("cut", "echo-1~answer.tokens=40~body.error_after=3", "0"),
    # More than the account holds, whatever the length of the answer.
    ("dear", "echo-1", "10"),
)


class Process:
    """A program whose output lines can be waited for."""

    def __init__(self, arguments, log, env=None):
        self.log = open(log, "a", encoding="utf-8")
        self.lines = Queue()
        self.child = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True, env=env, cwd=ROOT
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            self.log.write(line)
            self.log.flush()
            self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, pattern):
        """The first match of a pattern in a line to come."""
        while True:
            try:
                line = self.lines.get(timeout=START_SECONDS)
            except Empty:
                raise RuntimeError(f"no line like {pattern} within {START_SECONDS} s, see {self.log.name}") from None
            if line is None:
                raise RuntimeError(f"ended with code {self.child.wait()}, see {self.log.name}")
            match = re.search(pattern, line)
            if match:
                return line, match

    def stop(self):
        """Ends the process in order, or by force when it does not; returns whether it ended in order."""
        in_order = True
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                in_order = False
        self.reader.join(STOP_SECONDS)
        self.log.close()
        return in_order


def simulator(folder, name, arguments=()):
    """Starts a provider simulator; returns the process and its address."""
    process = Process([BINARY, "simulate", "--listen", "127.0.0.1:0", *arguments], Path(folder) / f"{name}.log")
    _, match = process.wait_for(r"http://127\.0\.0\.1:\d+")
    return process, match.group(0)


class World:
    """A server on a fresh data directory. Use it in a `with` statement."""

    def __init__(self, config="", database=None):
        self.folder = Path(tempfile.mkdtemp(prefix="portolan-test-"))
        self.config = config
        self.database = database
        self.processes = []
        self.url = None
        self.setup_link = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_failure):
        self.close()

    def _start(self):
        path = self.folder / "portolan.toml"
        database = f'[database]\nurl = "{self.database}"\n' if self.database else ""
        path.write_text(database + self.config, encoding="utf-8")
        # Keys in the developer's environment must not turn real providers on.
        env = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY") and "PORTOLAN_" not in name}
        self.shared = ["--config", str(path), "--data", str(self.folder / "data")]
        server = Process([BINARY, "serve", "--listen", "127.0.0.1:0", *self.shared], self.folder / "serve.log", env)
        self.processes.append(server)
        line, _ = server.wait_for(r'"message":\s*"listening"')
        facts = json.loads(line)
        self.url = facts["url"]
        self.setup_link = facts["setup_link"]

    def command(self, *arguments):
        """The output of a command that runs beside the server."""
        done = subprocess.run(
            [BINARY, *arguments, *self.shared], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"portolan {' '.join(arguments)} ended with code {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def discard(self):
        """Removes logs and data, which stay otherwise: call it when nothing is left to look into."""
        shutil.rmtree(self.folder)

    def close(self):
        """Ends every process of this world, the server first."""
        slow = [process.log.name for process in self.processes[::-1] if not process.stop()]
        self.processes = []
        if slow:
            raise RuntimeError(f"had to be killed: {', '.join(slow)}")


class Trio(World):
    """A server with models of each provider format, each format served by a simulator of its own."""

    def _start(self):
        parts = ["[timeouts]\nconnect = \"2s\"\nfirst_byte = \"30s\"\nidle = \"60s\"\n"]
        simulators = []
        for family, path in FAMILIES.items():
            process, address = simulator(self.folder, family, ["--api-key", "sk-upstream"])
            simulators.append(process)
            parts.append(PROVIDER.format(family=family, address=address, path=path, extra=FORGETS if family == FORGETFUL else ""))
            if family != "anthropic":
                parts.append(EMBEDDER.format(family=family))
            for name, upstream, request in VARIANTS:
                parts.append(MODEL.format(name=f"{family}-{name}", family=family, upstream=upstream, request=request))
        self.config += "".join([*parts, PAINTER])
        # Stopped after the server, whose streams they feed.
        self.processes = simulators
        super()._start()

    def environment(self):
        """What the SDK suites need to know."""
        key = self.command("key", "create", "--name", "suite", "--credits", "5", "-q")
        management = self.command("key", "create", "--name", "keeper", "--management", "-q")
        spent = self.command("key", "create", "--name", "spent", "--limit", "0", "-q")
        return {"PORTOLAN_URL": self.url, "PORTOLAN_KEY": key, "PORTOLAN_MANAGEMENT_KEY": management, "PORTOLAN_SPENT_KEY": spent}
