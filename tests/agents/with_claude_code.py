"""Claude Code in print mode: a run with a tool call finishes on every provider family, and a wrong key ends at once."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from checks import named

URL = os.environ["PORTOLAN_URL"]
KEY = os.environ["PORTOLAN_KEY"]
PROGRAM = Path(__file__).resolve().parent / "node_modules" / ".bin" / "claude"
RUN_SECONDS = 120
# The client itself waits minutes when it may retry; a refusal that is understood ends it after one request.
WRONG_KEY_SECONDS = 30


def run(family, key, prompt, folder):
    """The client's report and the seconds it took. Its home is a folder of its own, and it calls nobody else."""
    home = folder / "home"
    home.mkdir()
    model = f"mock/{family}-1"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "ANTHROPIC_BASE_URL": f"{URL}/api",
        "ANTHROPIC_AUTH_TOKEN": key,
        "ANTHROPIC_API_KEY": "",
        "ANTHROPIC_MODEL": model,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": model,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": model,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
    }
    started = time.monotonic()
    done = subprocess.run(
        [PROGRAM, "-p", prompt, "--output-format", "json", "--allowedTools", "Read", "--max-turns", "4"],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
    )
    assert done.stdout.strip(), f"no report: {done.stderr}"
    return json.loads(done.stdout), time.monotonic() - started


def a_run_with_a_tool_call_finishes(family):
    with tempfile.TemporaryDirectory(prefix="portolan-agent-") as name:
        folder = Path(name)
        note = folder / "note.txt"
        note.write_text("The harbour master is Ebba Lind.\n", encoding="utf-8")
        arguments = json.dumps({"file_path": str(note)})
        report, _ = run(family, KEY, f"CALL:Read{arguments}", folder)
    assert report["is_error"] is False, report
    assert report["num_turns"] == 2, report
    assert "Ebba Lind" in report["result"], report
    assert report["usage"]["input_tokens"] > 0 and report["usage"]["output_tokens"] > 0, report


def a_wrong_key_ends_at_once_with_its_message():
    with tempfile.TemporaryDirectory(prefix="portolan-agent-") as name:
        report, seconds = run("anthropic", "sk-or-v1-" + "0" * 64, "hello", Path(name))
    assert report["is_error"] is True, report
    assert "401" in report["result"] and "User not found" in report["result"], report
    assert seconds < WRONG_KEY_SECONDS, f"{seconds:.1f} s"


def checks():
    """Every check with its name."""
    return named("claude-code", (a_run_with_a_tool_call_finishes,), (a_wrong_key_ends_at_once_with_its_message,))
