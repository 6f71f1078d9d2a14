"""A page of the documents, played as a reader plays it: every block in order, in a fresh folder.

| block                                | what becomes of it                                        |
|--------------------------------------|-----------------------------------------------------------|
| `sh`                                 | run, all of a page in one shell                           |
| `yaml` that begins with `# NAME`     | written to the file NAME, as the reader is asked to       |
| `yaml` otherwise                     | a catalogue, or the part of one that its properties are   |
| `text` after `sh`                    | what comes out; a line `...` stands for what is left out  |

What differs from run to run (ports, digests, times, ids that the service chooses, the reader's
folder) is alike in the page and in what comes out.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "/home/you/ads"
"""The reader's folder, as the pages show it."""
TOKEN = "any"

_NOWHERE = "http://127.0.0.1:9"
"""What commands reach while no sandbox is running, and instead of the service."""
_VOLATILE = (
    (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT"),
    (r"sha256:(?:[0-9a-f]{64}|\.\.\.)", "sha256:DIGEST"),
    (r"\.jsonl at \d+:", ".jsonl at SEQ:"),
    (r"\b[0-9a-f]{32}\b", "ACR_ID"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)", "TIME"),
    (r"\bfiles? \d+(?:, \d+)*", "file ID"),
    (r"\brun:? [0-9a-f]{12}\b(?!, process)", "run RUN"),
    (r"\brun [0-9a-f]{12}, process \d+ of \S+ on \S+?(?=[);])", "run RUN"),
    (r"\brun [0-9a-f]{12}\b", "run RUN"),
    (r"\bby \S+ on [^\s,]+", "by SOMEBODY"),
)


class Block(NamedTuple):
    """A fenced block, without the indent of the list that it stands in."""

    language: str
    text: str


def all_blocks(page: str) -> list[Block]:
    """The fenced blocks in their order."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^\1```", page, re.MULTILINE | re.DOTALL)
    return [
        Block(language, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
        for indent, language, text in found
    ]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [block.text for block in all_blocks(page) if block.language == language]


def file_of(block: Block) -> str | None:
    """The name of the file that a block is meant for."""
    named = re.match(r"# ([\w./-]+\.ya?ml)$", block.text, re.MULTILINE)
    return named[1] if named and block.language == "yaml" else None


@dataclass(frozen=True)
class Step:
    """A block that was run, what came out, and what the page says comes out."""

    script: str
    came: str
    shown: Sequence[str]


def played(page: str, folder: Path) -> list[Step]:
    """Run the page in `folder`, which is empty. Fails where a command does."""
    work, outputs = folder / "ads", folder / "outputs"
    for made in (work, outputs, folder / "home", folder / "bin"):
        made.mkdir()
    _reader_has_put_the_token(folder / "home" / ".acrcloud-token")
    script = [f"said() {{ exec > {outputs}/$1 2>&1; }}"]
    steps: list[tuple[str, list[str]]] = []
    for block in all_blocks(page):
        name = file_of(block)
        if name is not None:
            script.append(
                f"mkdir -p $(dirname {name})\ncat > {name} <<'IT ENDS'\n{block.text}IT ENDS"
            )
        elif block.language == "sh":
            url = outputs / f"url{len(steps)}"
            script += [f"said {len(steps)}", _playable(block.text, url)]
            steps.append((block.text, []))
        elif block.language == "text" and steps:
            steps[-1][1].append(block.text)
    code = _run("\n".join(script), work, _surroundings(folder))
    said = [_read(outputs / str(number)) for number in range(len(steps))]
    assert code == 0, f"ended with {code}: {said}"
    came = [text.replace(str(work), FOLDER) for text in said]
    return [
        Step(*step) for step in zip((s for s, _ in steps), came, (t for _, t in steps), strict=True)
    ]


def check(step: Step) -> None:
    """What the page shows of a step is what came out."""
    for text in step.shown:
        lines = stable(text).splitlines()
        left_out = r"(?:.*\n)*?"
        wanted = "".join(left_out if line == "..." else f"{re.escape(line)}\n" for line in lines)
        assert re.fullmatch(wanted, stable(step.came)), (
            f"after\n{step.script}\nthe page shows\n{text}\nand this came out\n{step.came}"
        )


def stable(text: str) -> str:
    """The text without what differs from run to run."""
    for volatile, name in _VOLATILE:
        text = re.sub(volatile, name, text)
    return text


def _playable(script: str, url: Path) -> str:
    """As the reader would run it, but: yes is said, the port is one that was free, files are ready
    at once, and the service that is reached is always the sandbox."""
    script = re.sub(r"reconciler apply(?![^\n]*--yes)", "reconciler apply --yes", script)
    script = re.sub(r"unset .*RECONCILER_BASE_URL.*", ":", script)
    return re.sub(
        r"^reconciler sandbox (.*)--port 8080 &$",
        rf"rm -f {url}\n"
        rf"reconciler sandbox --ready-after 0 \1--port ${{port:-0}} > {url} 2>&1 &\n"
        f"until grep -qs serving {url}; do sleep 0.02; done\n"
        f"export RECONCILER_BASE_URL=$(sed -n 's/.*serving //p' {url})\n"
        "port=${RECONCILER_BASE_URL##*:}",
        script,
        flags=re.MULTILINE,
    )


def _surroundings(folder: Path) -> Mapping[str, str]:
    program = folder / "bin" / "reconciler"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n')
    program.chmod(0o755)
    # Not measured: what the commands do is tested elsewhere, and that takes twice as long.
    return {
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "RECONCILER_BASE_URL": _NOWHERE,
        "HTTPS_PROXY": _NOWHERE,
    }


def _reader_has_put_the_token(path: Path) -> None:
    path.write_text(TOKEN)
    path.chmod(0o600)


def _run(script: str, folder: Path, env: Mapping[str, str]) -> int:
    shell = subprocess.Popen(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return shell.wait(timeout=120)
    finally:
        # The sandbox, too, which the page leaves running.
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
