"""A local model by its name on the Hugging Face hub: downloaded once, kept, and looked at before any work.

The hub is a server of the test's own, which the real library is pointed at; the files are a few bytes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub")

FILES = {
    "/someone/small-model/resolve/main/small.gguf": b"GGUF and a few bytes more",
    "/someone/small-model/resolve/main/quantised/small-q4.gguf": b"GGUF in a folder",
    "/someone/small-model/resolve/main/page.gguf": b"<html>please log in</html>",
}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OPEN = "import sys; from personas.models.gguf_files import gguf_path; print(gguf_path(sys.argv[1]))"
REFUSED = (
    "import sys; from persona_kit.errors import EnvironmentProblem; from personas.models import open_engine\n"
    "try: open_engine('llama-cpp:' + sys.argv[1])\n"
    "except EnvironmentProblem as error: print(error.message)"
)
Hub = Callable[..., subprocess.CompletedProcess[str]]


class _Http(ThreadingHTTPServer):
    downloads: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        if "/resolve/" in self.path:  # the library asks the hub for other things, too
            self.server.downloads.append(self.path)
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        content = FILES.get(self.path)
        self.send_response(404 if content is None else 200)
        if content is None:
            self.send_header("X-Error-Code", "EntryNotFound")
        else:
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if body and content:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[_Http]:
    http = _Http(("127.0.0.1", 0), _Handler)
    http.downloads = []
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield http
    http.shutdown()
    http.server_close()


@pytest.fixture
def hub(server: _Http, tmp_path: Path, repository: Path) -> Hub:
    """Runs a line of Python for which the hub is the test's own; the library reads its settings when it is imported."""

    def run(line: str, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {
            "HF_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}",
            "HF_HOME": str(tmp_path / "hub"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "PYTHONPATH": str(repository),
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        return subprocess.run(
            [sys.executable, "-c", line, name],
            env=kept | own | environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.mark.parametrize("file", ["small.gguf", "quantised/small-q4.gguf"])
def test_a_file_of_the_hub_is_downloaded_once_and_then_needs_no_network(file: str, hub: Hub, server: _Http) -> None:
    first = hub(OPEN, f"someone/small-model/{file}")
    assert first.returncode == 0, first.stderr
    path = Path(first.stdout.strip())
    assert path.read_bytes() == FILES[f"/someone/small-model/resolve/main/{file}"]
    assert len(server.downloads) == 1
    again = hub(OPEN, f"someone/small-model/{file}")
    without = hub(OPEN, f"someone/small-model/{file}", HF_ENDPOINT="http://127.0.0.1:9")
    assert again.stdout == without.stdout == first.stdout, without.stderr
    assert len(server.downloads) == 1


def test_a_path_that_is_there_comes_before_the_hub(hub: Hub, server: _Http, tmp_path: Path) -> None:
    local = tmp_path / "someone" / "small-model" / "small.gguf"
    local.parent.mkdir(parents=True)
    local.write_bytes(b"GGUF of my own")
    found = hub(OPEN, "someone/small-model/small.gguf")
    assert (tmp_path / found.stdout.strip()).read_bytes() == b"GGUF of my own"
    assert server.downloads == []


@pytest.mark.parametrize(
    ("name", "environment", "told"),
    [
        ("someone/small-model/other.gguf", {}, "not on this machine and cannot be downloaded"),
        ("someone/small-model/small.gguf", {"HF_ENDPOINT": "http://127.0.0.1:9"}, "cannot be downloaded"),
        ("someone/small-model/page.gguf", {}, "this is not a GGUF file"),
        ("some one/small-model/small.gguf", {}, "cannot be downloaded"),
        ("small-model/small.gguf", {}, "there is no such model file"),
    ],
    ids=["no such file", "no network", "not a model", "no name of a repository", "neither path nor name"],
)
def test_what_the_hub_cannot_give_is_told_before_any_work(
    name: str, environment: dict[str, str], told: str, hub: Hub
) -> None:
    result = hub(REFUSED, name, **environment)
    assert result.returncode == 0, result.stderr
    assert told in result.stdout
    assert name in result.stdout
