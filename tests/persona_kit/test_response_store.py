"""Answers are found again, in this process and another, and survive one that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_kit.errors import OutputError
from persona_kit.response_store import ResponseStore, response_key

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
