"""Prompts reach no tracing service, whatever the environment says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypedDict

import pytest
from langchain_core.messages import HumanMessage
from pydantic import BaseModel

from personas.models import Engine
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from personas.models.tracing import no_tracing
from prompts.loader import Message, RenderedPrompt


class Listener:
    """A server on loopback that counts what is posted to it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                listener.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                self._answer()

            do_PATCH = do_POST

            def _answer(self) -> None:
                body = json.dumps({"version": "0.0.0"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    from langsmith import utils

    listening = Listener()
    thread = threading.Thread(target=listening.server.serve_forever)
    thread.start()
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "true")
    for name in ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"):
        monkeypatch.setenv(name, "lsv2_not_a_real_key")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", listening.url)
    # langsmith remembers what it read from the environment.
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]  # a cached function that is typed as overloads
    yield listening
    listening.server.shutdown()
    listening.server.server_close()
    thread.join()
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]  # a cached function that is typed as overloads


class State(TypedDict):
    answer: str


def run_graph() -> None:
    from langchain_core.tracers.langchain import wait_for_all_tracers
    from langgraph.graph import END, START, StateGraph

    model = ScriptedChatModel(script=lambda messages, schema: "a persona")

    def ask(state: State) -> State:
        return {"answer": str(model.invoke([HumanMessage("words of a customer")]).text)}

    graph = StateGraph(State)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    assert graph.compile().invoke({"answer": ""})["answer"] == "a persona"
    wait_for_all_tracers()


def test_a_graph_run_sends_nothing(listener: Listener) -> None:
    with no_tracing():
        run_graph()
    assert listener.bodies == []


def test_a_call_of_a_model_on_this_machine_sends_nothing(listener: Listener) -> None:
    """Servers' calls have a guard of their own, in the thread that makes them."""
    from langchain_core.tracers.langchain import wait_for_all_tracers

    class Word(BaseModel):
        word: str

    prompt = RenderedPrompt(
        name="word",
        version="1",
        variant="small",
        template_sha256="",
        messages=(Message(role="user", text="their words"),),
    )
    chat = ScriptedChatModel(script=lambda messages, schema: '{"word": "quiet"}')
    with Engine("scripted", ScriptedCompleter(chat)) as engine:
        assert engine.ask(prompt, Word, seed=0, max_tokens=20).value.word == "quiet"
    wait_for_all_tracers()
    assert listener.bodies == []


def test_without_the_guard_it_would(listener: Listener) -> None:
    import time

    run_graph()
    for _attempt in range(100):
        if listener.bodies:
            break
        time.sleep(0.1)
    assert listener.bodies
