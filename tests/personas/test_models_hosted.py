"""The `openai:` engine against servers of the test's own on loopback that behave well, oddly and badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from persona_kit.errors import (
    EnvironmentProblem,
    MalformedAnswer,
    ModelError,
    PersonaKitError,
    PromptTooLong,
    RefusedAnswer,
    TruncatedAnswer,
    UsageError,
)
from personas.models import Engine, open_engine
from personas.models.providers import shown_url
from prompts.loader import Message, RenderedPrompt

KEY = "sk-secret-of-the-user"
Reply = tuple[int, dict[str, Any]]
Behaviour = Callable[[dict[str, Any]], Reply]


class Mood(BaseModel):
    reason: str
    mood: Literal["angry", "pleased"]


PROMPT = RenderedPrompt(
    name="mood",
    version="1.0.0",
    variant="full",
    template_sha256="0" * 64,
    messages=(Message(role="user", text="The app crashes."),),
)
GOOD = json.dumps({"reason": "it crashes", "mood": "angry"})
PROBED = json.dumps({"colour": "red", "bright": True})


def said(text: str | None, *, finish: str = "stop", **message: Any) -> Reply:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return 200, {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def failed(status: int, message: str, code: str = "") -> Reply:
    return status, {"error": {"message": message, "code": code, "type": code}}


def is_probe(body: dict[str, Any]) -> bool:
    return "hello" in body["messages"][-1]["content"]


def obeys_json_schema(body: dict[str, Any]) -> Reply | None:
    return said(PROBED) if is_probe(body) else None


class Server:
    def __init__(self) -> None:
        self.behaviour: Behaviour = lambda body: said(GOOD)
        self.asked: list[dict[str, Any]] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                served.asked.append(body)
                status, reply = served.behaviour(body)
                content = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()
    thread = threading.Thread(target=served.http.serve_forever)
    thread.start()
    yield served
    served.http.shutdown()
    served.http.server_close()
    thread.join()


@pytest.fixture
def engine(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/elsewhere")
    with open_engine("openai:m", base_url=server.url, responses=tmp_path / "r.sqlite3") as opened:
        yield opened


def ask(engine: Engine) -> Mood:
    return engine.ask(PROMPT, Mood, seed=1, max_tokens=50).value


def test_a_server_that_obeys_json_schema_is_asked_by_it(engine: Engine, server: Server) -> None:
    server.behaviour = lambda body: obeys_json_schema(body) or said(GOOD)
    assert ask(engine) == Mood(reason="it crashes", mood="angry")
    assert engine.structured_method == "json_schema"
    assert len(server.asked) == 2
    sent = server.asked[1]
    assert (sent["max_tokens"], sent["seed"], sent["temperature"]) == (50, 1, 0.0)
    assert sent["response_format"]["json_schema"]["schema"]["required"] == ["reason", "mood"]
    assert not sent.get("stream")


class Short(BaseModel):
    maxLength: str = Field(max_length=5)


def test_bounds_that_strict_mode_refuses_are_not_sent_and_hold_all_the_same(engine: Engine, server: Server) -> None:
    def strict(body: dict[str, Any]) -> Reply:
        field = body["response_format"]["json_schema"]["schema"]["properties"].get("maxLength", {})
        if "maxLength" in field:
            return failed(400, "'maxLength' is not permitted")
        return obeys_json_schema(body) or said(json.dumps({"maxLength": answers.pop(0)}))

    server.behaviour = strict
    answers = ["much too long", "short"]
    assert engine.ask(PROMPT, Short, seed=1, max_tokens=50).value.maxLength == "short"
    assert engine.ledger.stages["mood"].failed == 1
    assert "maxLength" in server.asked[-1]["response_format"]["json_schema"]["schema"]["properties"]


def test_a_server_that_holds_its_model_to_nothing_is_told_in_the_prompt(engine: Engine, server: Server) -> None:
    server.behaviour = lambda body: said("hello") if is_probe(body) else said(f"Sure!\n```json\n{GOOD}\n```")
    assert ask(engine).mood == "angry"
    assert engine.structured_method == "prompt"
    assert '"angry"' in server.asked[-1]["messages"][-1]["content"]


@pytest.mark.parametrize("name", ["temperature", "seed"])
def test_a_parameter_the_server_refuses_is_left_out(engine: Engine, server: Server, name: str) -> None:
    def picky(body: dict[str, Any]) -> Reply:
        return (
            failed(400, f"Unsupported parameter: '{name}'")
            if name in body
            else said(PROBED if is_probe(body) else GOOD)
        )

    server.behaviour = picky
    assert ask(engine).mood == "angry"
    assert engine.structured_method == "json_schema"


@pytest.mark.parametrize(
    ("reply", "error", "retryable"),
    [
        (said("", refusal="I cannot help with that."), RefusedAnswer, False),
        (said("", finish="content_filter"), RefusedAnswer, False),
        (said(""), RefusedAnswer, True),
        (said(None), RefusedAnswer, True),
        (said(GOOD[:20], finish="length"), TruncatedAnswer, True),
        (said("{'reason': "), MalformedAnswer, True),
        (said('{"reason": "x", "mood": "sad"}'), MalformedAnswer, True),
        (failed(429, "slow down"), ModelError, True),
        (failed(503, "overloaded"), ModelError, True),
        (failed(401, f"Incorrect API key provided: {KEY}"), ModelError, False),
        (failed(400, "too long", "context_length_exceeded"), PromptTooLong, False),
        ((200, {"nothing": "of use"}), ModelError, True),
    ],
)
def test_what_goes_wrong_is_told_apart(
    engine: Engine, server: Server, reply: Reply, error: type[ModelError], retryable: bool
) -> None:
    server.behaviour = lambda body: obeys_json_schema(body) or reply
    with pytest.raises(ModelError) as failure:
        ask(engine)
    assert isinstance(failure.value, error)
    assert failure.value.retryable == retryable
    assert KEY not in repr(failure.value) + failure.value.message
    # An answer that was cut is asked for once more, with more room; what may pass, three times more.
    attempts = 2 if error is TruncatedAnswer else 4 if retryable else 1
    assert engine.ledger.stages["mood"].failed == attempts
    assert engine.ledger.stages["mood"].made == 0


@pytest.mark.parametrize(("status", "requests"), [(401, 1), (404, 1), (429, 4)])
def test_a_probe_that_no_method_can_pass_is_not_repeated_with_others_and_not_remembered(
    engine: Engine, server: Server, status: int, requests: int
) -> None:
    server.behaviour = lambda body: failed(status, "no")
    with pytest.raises(ModelError):
        ask(engine)
    assert len(server.asked) == requests
    assert engine.structured_method is None


def test_the_key_is_in_no_file(engine: Engine, server: Server, tmp_path: Path) -> None:
    server.behaviour = lambda body: obeys_json_schema(body) or said(GOOD)
    ask(engine)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert all(KEY.encode() not in path.read_bytes() for path in files)


def test_a_key_is_asked_for_except_on_this_machine() -> None:
    with pytest.raises(ModelError, match="OPENAI_API_KEY is not set"):
        open_engine("openai:gpt-5")
    with open_engine("openai:m", base_url="http://localhost:1/v1") as engine:
        assert engine.hosted
        assert engine.profile == "large"


@pytest.mark.parametrize(
    ("spec", "options", "error"),
    [
        ("nonsense", {}, UsageError),
        ("nobody:m", {}, UsageError),
        ("llama-cpp", {"base_url": "http://localhost"}, UsageError),
        ("openai:m", {"base_url": "localhost:8000"}, UsageError),
        ("openai:m", {"base_url": "http://[::1"}, UsageError),
        ("anthropic:m", {}, EnvironmentProblem),
        ("llama-cpp:nowhere.gguf", {}, EnvironmentProblem),
    ],
)
def test_a_spec_that_names_nothing_is_told(spec: str, options: dict[str, Any], error: type[PersonaKitError]) -> None:
    with pytest.raises(error):
        open_engine(spec, **options)


def test_urls() -> None:
    assert shown_url("http://me:word@host:80/v1?key=1") == "http://host:80/v1"
