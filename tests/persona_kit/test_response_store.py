"""Answers are found again, in this process and another, and survive one that is killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_kit.errors import OutputError
from persona_kit.response_store import KINDS, Kind, ResponseStore, response_key

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(st.dictionaries(st.sampled_from("abc"), JSON), st.dictionaries(st.sampled_from("abc"), JSON))
def test_keys_are_equal_exactly_when_the_parts_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (response_key(**one) == response_key(**other)) == (repr(sorted(one.items())) == repr(sorted(other.items())))


def test_what_is_put_is_found_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "responses.sqlite3"
    with ResponseStore(path) as store:
        assert store.get("k") is None
        store.put("k", "Größe 属性 \U0001f600")
        store.put("f", "fact", kind="fact")
    with ResponseStore(path) as store:
        assert store.get("k") == "Größe 属性 \U0001f600"
        assert (store.count(), store.count(kind="answer"), store.count(kind="fact")) == (2, 1, 1)


def test_the_first_answer_of_a_key_stays_until_it_is_discarded(tmp_path: Path) -> None:
    with ResponseStore(tmp_path / "r.sqlite3") as store:
        store.put("k", "first")
        store.put("k", "second")
        assert store.get("k") == "first"
        store.discard("k")
        assert store.get("k") is None


def test_threads_share_a_store(tmp_path: Path) -> None:
    with ResponseStore(tmp_path / "r.sqlite3") as store:

        def fill(part: int) -> None:
            for number in range(25):
                store.put(f"{part}-{number}", str(number))

        threads = [threading.Thread(target=fill, args=(part,)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.count() == 100


_WRITER = """
import sys
from pathlib import Path
from persona_kit.response_store import ResponseStore
store = ResponseStore(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    store.put(f"{sys.argv[2]}-{number}", str(number))
    print(number, flush=True)
"""


def writer(repository: Path, path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_write_the_same_file(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "r.sqlite3"
    with writer(repository, path, "a", 200) as first, writer(repository, path, "b", 200) as second:
        for process in (first, second):
            _output, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
    with ResponseStore(path) as store:
        assert store.count() == 400


def test_what_was_stored_survives_kill_9(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "r.sqlite3"
    with writer(repository, path, "a", 1_000_000) as process:
        assert process.stdout is not None
        last = 0
        while last < 20:
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in process.stdout.read().split("\n")[:-1]]
    with ResponseStore(path) as store:
        assert all(store.get(f"a-{number}") == str(number) for number in range(max([last, *told]) + 1))


def test_a_file_that_is_no_store_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    path.write_bytes(b"words of somebody" * 500)
    with pytest.raises(OutputError) as failure:
        ResponseStore(path)
    assert str(path) in failure.value.message
    assert path.read_bytes() == b"words of somebody" * 500


def _fill(path: Path, rows: list[tuple[str, Kind, int, int]]) -> None:
    """Rows of key, kind, bytes of the value, age in days."""
    with ResponseStore(path) as store:
        for key, kind, size, _age in rows:
            store.put(key, "x" * size, kind=kind)
    with closing(sqlite3.connect(path)) as connection, connection:
        for key, _kind, _size, age in rows:
            stored = (datetime.now(UTC) - timedelta(days=age)).isoformat(timespec="seconds")
            connection.execute("UPDATE responses SET created_at = ? WHERE key = ?", (stored, key))


def test_stats_count_each_kind(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    with ResponseStore(path) as store:
        assert [(one.kind, one.count, one.bytes, one.oldest) for one in store.stats()] == [
            (kind, 0, 0, None) for kind in KINDS
        ]
    _fill(path, [("a1", "answer", 10, 5), ("a2", "answer", 20, 1), ("ü", "fact", 3, 0)])
    with ResponseStore(path) as store:
        answers, vectors, facts, failures = store.stats()
    assert (answers.count, answers.bytes, vectors.count, facts.bytes, failures.count) == (2, 34, 0, 5, 0)
    assert answers.oldest is not None
    assert answers.newest is not None
    assert answers.oldest < answers.newest


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"older_than": timedelta(days=3)}, {"a2", "v2"}),
        ({"older_than": timedelta(days=3), "kinds": ("answer",)}, {"a2", "v1", "v2", "f1"}),
        ({"kinds": ("fact",)}, {"a1", "a2", "v1", "v2"}),
        ({}, set()),
        ({"keep_bytes": 120}, {"a2"}),
        ({"keep_bytes": 0, "kinds": ("vector",)}, {"a1", "a2", "f1"}),
        ({"keep_bytes": 10_000}, {"a1", "a2", "v1", "v2", "f1"}),
        ({"older_than": timedelta(days=3), "keep_bytes": 250}, {"a2", "v2"}),
        ({"older_than": timedelta(days=100)}, {"a1", "a2", "v1", "v2", "f1"}),
    ],
)
def test_prune_removes_what_it_is_told_and_nothing_else(
    options: dict[str, Any], kept: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "r.sqlite3"
    rows: list[tuple[str, Kind, int, int]] = [
        ("a1", "answer", 98, 9),
        ("a2", "answer", 98, 1),
        ("v1", "vector", 98, 9),
        ("v2", "vector", 98, 2),
    ]
    _fill(path, [*rows, ("f1", "fact", 98, 9)])
    with ResponseStore(path) as store:
        told = store.prune(**options, dry_run=True)
        assert store.count() == 5
        assert store.prune(**options) == told
        assert told.count == 5 - len(kept)
        assert told.bytes == 100 * told.count
        assert {key for key in ("a1", "a2", "v1", "v2", "f1") if store.get(key) is not None} == kept
        assert store.prune(**options).count == 0


def test_pruning_gives_the_room_back_and_the_store_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    with ResponseStore(path) as store:
        for number in range(50):
            store.put(f"k{number}", "y" * 20_000)

        def on_disk() -> int:
            return sum(file.stat().st_size for file in tmp_path.glob("r.sqlite3*"))

        before = on_disk()
        assert before > 1_000_000
        store.prune(kinds=("answer",))
        assert on_disk() < 100_000
        store.put("again", "asked")
        assert store.get("again") == "asked"


def test_pruning_while_another_connection_is_open_is_safe(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "r.sqlite3"
    with writer(repository, path, "a", 100) as process:
        process.communicate(timeout=120)
    with ResponseStore(path) as reading, ResponseStore(path) as pruning:
        assert reading.get("a-7") == "7"
        assert pruning.prune().count == 100
        assert reading.get("a-7") is None
