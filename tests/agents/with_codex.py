"""Codex without a person: a run with a tool call finishes on every provider family, and a wrong key ends in seconds."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from checks import named

URL = os.environ["PORTOLAN_URL"]
KEY = os.environ["PORTOLAN_KEY"]
PROGRAM = Path(__file__).resolve().parent / "node_modules" / ".bin" / "codex"
RUN_SECONDS = 120
WRONG_KEY_SECONDS = 30

CONFIG = """
model = "mock/{family}-1"
model_provider = "portolan"
approval_policy = "never"
sandbox_mode = "danger-full-access"

[model_providers.portolan]
name = "Portolan"
base_url = "{url}/api/v1"
env_key = "PORTOLAN_AGENT_KEY"
wire_api = "responses"
"""


def run(family, key, prompt, folder, *more):
    """The client's events, what else it said, its exit code and the seconds it took. Its home is a folder of its own."""
    home = folder / "home"
    (home / ".codex").mkdir(parents=True)
    (home / ".codex" / "config.toml").write_text(CONFIG.format(family=family, url=URL), encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "PORTOLAN_AGENT_KEY": key}
    started = time.monotonic()
    done = subprocess.run(
        [PROGRAM, "exec", "--json", "--skip-git-repo-check", *more, prompt],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
    )
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return events, done, time.monotonic() - started


def a_run_with_a_tool_call_finishes(family):
    with tempfile.TemporaryDirectory(prefix="portolan-agent-") as name:
        folder = Path(name)
        (folder / "note.txt").write_text("The harbour master is Ebba Lind.\n", encoding="utf-8")
        arguments = json.dumps({"cmd": "cat note.txt"})
        events, done, _ = run(family, KEY, f"CALL:exec_command{arguments}", folder)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    items = [event["item"] for event in events if event.get("type") == "item.completed"]
    commands = [item for item in items if item["type"] == "command_execution"]
    assert commands and "Ebba Lind" in commands[0]["aggregated_output"], events
    said = [item["text"] for item in items if item["type"] == "agent_message"]
    assert said and "Ebba Lind" in said[-1], events
    usage = [event["usage"] for event in events if event.get("type") == "turn.completed"]
    assert usage and usage[-1]["input_tokens"] > 0 and usage[-1]["output_tokens"] > 0, events


def an_answer_follows_a_schema(family):
    properties = {"harbour": {"type": "string"}, "berths": {"type": "integer"}}
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    with tempfile.TemporaryDirectory(prefix="portolan-agent-") as name:
        folder = Path(name)
        (folder / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
        events, done, _ = run(family, KEY, "Which harbour?", folder, "--output-schema", "schema.json")
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    said = [event["item"]["text"] for event in events if event.get("type") == "item.completed" and event["item"]["type"] == "agent_message"]
    assert sorted(json.loads(said[-1])) == ["berths", "harbour"], events


def a_wrong_key_ends_in_seconds_with_its_message():
    with tempfile.TemporaryDirectory(prefix="portolan-agent-") as name:
        events, done, seconds = run("openai", "sk-or-v1-" + "0" * 64, "hello", Path(name))
    assert done.returncode != 0, (done.stdout, done.stderr)
    said = [event["error"]["message"] for event in events if event.get("type") == "turn.failed"]
    assert said and "401" in said[-1] and "User not found" in said[-1], events
    assert seconds < WRONG_KEY_SECONDS, f"{seconds:.1f} s"


def checks():
    """Every check with its name."""
    return named("codex", (a_run_with_a_tool_call_finishes, an_answer_follows_a_schema), (a_wrong_key_ends_in_seconds_with_its_message,))
