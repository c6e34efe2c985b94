"""A server on this machine that speaks OpenAI's chat-completions protocol, answers by a script, and fails as asked.

    with FaultServer(script, delay_s=0.5) as server:
        open_engine("openai:script", base_url=server.url)

It stands in for what cannot run here: a strong hosted model and its bad days. Tests and benchmarks use it.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Script = Callable[[Sequence[Mapping[str, str]], Mapping[str, Any]], str]
"""From the messages (role, content) and the answer's JSON Schema to the answer's text."""

Fault = Literal[
    "429 retry-after",
    "429 date",
    "429",
    "500",
    "503",
    "dropped",
    "half",
    "invalid json",
    "wrong schema",
    "stall",
    "refusal",
    "truncated",
    "empty",
]
FAULTS: tuple[Fault, ...] = (
    "429 retry-after",
    "429",
    "500",
    "503",
    "dropped",
    "half",
    "invalid json",
    "wrong schema",
    "stall",
    "refusal",
)
"""What `share` draws from."""

STALL_S = 30.0
LONGEST_LIFE_S = 1_800.0
PROBE_WORD = "colour"
"""A property of the schema by which an engine finds out how the server gives structured answers."""


def count_tokens(text: str) -> int:
    """Four characters are a token."""
    return -(-len(text) // 4)


@dataclass
class Served:
    """What the server saw."""

    posts: int = 0
    """Whatever was posted, in this protocol or another."""
    requests: int = 0
    answered: int = 0
    most_at_a_time: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    prompts: list[str] = field(default_factory=list)
    """The last message of every request."""
    bodies: list[Mapping[str, Any]] = field(default_factory=list)
    """Every request."""


class FaultServer:
    """A context manager; listens on 127.0.0.1 only, on a free port, while it is open.

    Args:
        script: writes the answers.
        delay_s: how long an answer takes.
        plan: the fault of each request in the order they come in, None for an answer; after its end `share` decides.
        share: share of the requests that fail, each with one of `faults`.
        faults: what to draw from.
        seed: of the drawing.
        stall_s: how long a stalled answer takes.
        tokens: counts a text's tokens.
    """

    def __init__(
        self,
        script: Script,
        *,
        delay_s: float = 0.0,
        plan: Sequence[Fault | None] = (),
        share: float = 0.0,
        faults: Sequence[Fault] = FAULTS,
        seed: int = 0,
        stall_s: float = STALL_S,
        tokens: Callable[[str], int] = count_tokens,
    ) -> None:
        self.script = script
        self.served = Served()
        self._delay_s, self._stall_s = delay_s, stall_s
        self._plan, self._share, self._faults = list(plan), share, tuple(faults)
        self._chance = random.Random(seed)
        self._tokens = tokens
        self._lock = threading.Lock()
        self._under_way = 0
        self._closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # otherwise an answer waits up to 40 ms for an acknowledgement of its head

            def do_POST(self) -> None:
                server.served.posts += 1
                server._handle(self)

            def log_message(self, *_: object) -> None:
                """Nothing: the terminal belongs to whoever started the server."""

        class Http(ThreadingHTTPServer):
            request_queue_size = 128  # with the usual 5, connections that come together wait a second

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Tells what is wrong here; a client that gave up its call and hung up is none of it."""
                if not isinstance(sys.exception(), OSError):
                    super().handle_error(request, client_address)

        self._http = Http(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._end = threading.Timer(LONGEST_LIFE_S, self._http.shutdown)
        self._end.daemon = True

    @property
    def url(self) -> str:
        """Base URL for an OpenAI client."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> FaultServer:
        self._thread.start()
        self._end.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.cancel()
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._lock:
            self.served.requests += 1
            self._under_way += 1
            self.served.most_at_a_time = max(self.served.most_at_a_time, self._under_way)
            self.served.bodies.append(body)
            self.served.prompts.append(str(body["messages"][-1]["content"]))
            fault = self._next_fault(body)
            if fault is not None:
                self.served.faults[fault] += 1
        try:
            self._closing.wait(self._stall_s if fault == "stall" else self._delay_s)
            self._respond(request, body, fault)
        except OSError:
            # The client went away while it waited, as given-up calls do; there is nobody left to answer.
            request.close_connection = True
        finally:
            with self._lock:
                self._under_way -= 1

    def _next_fault(self, body: Mapping[str, Any]) -> Fault | None:
        if self._plan:
            return self._plan.pop(0)
        if self._share and self._chance.random() < self._share:
            return self._chance.choice(self._faults)
        return None

    def _respond(self, request: BaseHTTPRequestHandler, body: Mapping[str, Any], fault: Fault | None) -> None:
        if fault == "dropped":
            _hang_up(request)
        elif fault in ("429 retry-after", "429 date", "429", "500", "503"):
            self._fail(request, fault)
        else:
            self._answer(request, body, fault)

    def _fail(self, request: BaseHTTPRequestHandler, fault: Fault) -> None:
        status = int(fault[:3])
        headers = {}
        if fault == "429 retry-after":
            headers["Retry-After"] = "1"
        if fault == "429 date":
            headers["Retry-After"] = formatdate(time.time() + 2, usegmt=True)
        error = {"message": f"made to fail with {status}", "type": "fault", "code": "fault"}
        _send(request, status, {"error": error}, headers)

    def _answer(self, request: BaseHTTPRequestHandler, body: Mapping[str, Any], fault: Fault | None) -> None:
        schema, tool = _asked_for(body)
        text = self._written(body["messages"], schema, fault)
        message: dict[str, Any] = {"role": "assistant", "content": text}
        finish = "length" if fault == "truncated" else "stop"
        if tool is not None and fault not in ("refusal", "empty"):
            call = {"id": "call-1", "type": "function", "function": {"name": tool, "arguments": text}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            finish = "length" if fault == "truncated" else "tool_calls"
        if fault == "refusal":
            message = {"role": "assistant", "content": None, "refusal": "I would rather not."}
        prompt_tokens = sum(self._tokens(str(item["content"])) + 4 for item in body["messages"])
        prompt_tokens += self._tokens(json.dumps(schema)) if schema else 0
        completion_tokens = self._tokens(text)
        usage = {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        }
        with self._lock:
            self.served.prompt_tokens += prompt_tokens
            self.served.completion_tokens += completion_tokens
            self.served.answered += fault is None
        choice = {"index": 0, "message": message, "finish_reason": finish}
        answer = {"id": "a", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice]}
        _send(request, 200, {**answer, "usage": usage}, {}, half=fault == "half")

    def _written(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], fault: Fault | None) -> str:
        if fault == "empty":
            return ""
        if fault == "invalid json":
            return '{"attributes": [{"attribute": '
        if fault == "wrong schema":
            return json.dumps({"weather": "fine"})
        if PROBE_WORD in schema.get("properties", {}):
            return json.dumps({"colour": "red", "bright": True})
        text = self.script(messages, schema)
        return text[: len(text) // 2] if fault == "truncated" else text


def _asked_for(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The schema of the answer, and the tool it is to be given through, if any."""
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return form["json_schema"]["schema"], None
    if body.get("tools"):
        function = body["tools"][0]["function"]
        return function["parameters"], str(function["name"])
    return form.get("schema") or {}, None


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    content: Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    half: bool = False,
) -> None:
    data = json.dumps(content).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(data)))
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(data[: len(data) // 2] if half else data)
    request.wfile.flush()
    if half:
        _hang_up(request)


def _hang_up(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    # Closing alone waits for the files that were made of the socket.
    request.connection.shutdown(socket.SHUT_RDWR)
