"""Which failed calls are made again and after how long, and how a call is given up while it is still under way."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_kit.cancellation import Cancelled
from persona_kit.errors import MalformedAnswer, ModelError, PromptTooLong, RefusedAnswer, TruncatedAnswer
from personas.models.provider_errors import ProviderError, provider_error
from personas.models.retrying import ONCE, CallTimedOut, RetryPolicy, run_abandonable, sleep_unless_cancelled, timed_out


class LibraryError(Exception):
    """As a provider's library raises it."""

    def __init__(self, status: int | None, headers: Mapping[str, str] | None = None, code: str = "") -> None:
        super().__init__("it did not work")
        self.status_code = status
        self.code = code
        self.response = SimpleNamespace(headers=headers or {})


def told(status: int | None, headers: Mapping[str, str] | None = None, code: str = "") -> ProviderError:
    error = provider_error(LibraryError(status, headers, code), where="somewhere")
    assert isinstance(error, ProviderError)
    return error


def policy(**options: float) -> RetryPolicy:
    return RetryPolicy(chance=random.Random(0), **options)  # type: ignore[arg-type]  # attempts stays as it is


@given(st.integers(1, 3), st.integers(0, 1_000))
def test_a_pause_grows_but_never_passes_its_cap(failures: int, seed: int) -> None:
    waiting = RetryPolicy(base_s=0.5, cap_s=1.5, chance=random.Random(seed))
    pause = waiting.pause_s(told(500), failures)
    assert pause is not None
    assert 0 <= pause <= min(1.5, 0.5 * 2 ** (failures - 1))


def test_pauses_differ_so_that_calls_do_not_come_back_together() -> None:
    waiting = policy()
    assert len({waiting.pause_s(told(429), 2) for _ in range(20)}) == 20


def test_backoff_leaves_the_randomness_of_others_alone() -> None:
    random.seed(4)
    before = random.getstate()
    RetryPolicy().pause_s(told(429), 1)
    assert random.getstate() == before


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (told(500), True),
        (told(None), True),
        (timed_out(1, where="x"), True),
        (MalformedAnswer("x", retryable=True), True),
        (RefusedAnswer("empty", retryable=True), True),
        (TruncatedAnswer("x", retryable=True), True),
        (RefusedAnswer("declined"), False),
        (PromptTooLong("x"), False),
        (told(401), False),
        (told(404), False),
    ],
)
def test_only_what_may_pass_is_asked_again_and_at_most_four_times(error: ModelError, again: bool) -> None:
    assert [policy().pause_s(error, failures) is not None for failures in (1, 2, 3, 4, 5)] == [again] * 3 + [False] * 2
    assert ONCE.pause_s(error, 1) is None


@pytest.mark.parametrize(("asked_s", "waited"), [(0.0, True), (3.0, True), (60.0, True), (61.0, False), (1e9, False)])
def test_what_the_provider_asks_for_is_waited_for_up_to_a_minute(asked_s: float, waited: bool) -> None:
    pause = policy().pause_s(told(429, {"retry-after": str(asked_s)}), 1)
    assert (pause is not None) == waited
    assert pause is None or asked_s <= pause <= asked_s + 0.5


GONE = "Mon, 01 Jan 2001 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "2.5"}, 2.5, 2.5),
        ({"retry-after-ms": "1500"}, 1.5, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9, 9),
        ({"retry-after": "-4"}, 0, 0),
        ({"retry-after": GONE}, 0, 0),
    ],
)
def test_every_spelling_of_a_wait_is_read(headers: dict[str, str], least: float, most: float) -> None:
    wait = told(429, headers).retry_after_s
    assert wait is not None
    assert least <= wait <= most


def test_a_wait_until_a_date_is_read() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    wait = told(429, {"retry-after": in_an_hour}).retry_after_s
    assert wait is not None
    assert 3_000 <= wait <= 3_600


@pytest.mark.parametrize("headers", [{}, {"retry-after": ""}, {"retry-after": "soon"}, {"retry-after": "Feb 99 12"}])
def test_no_wait_is_made_up(headers: dict[str, str]) -> None:
    assert told(429, headers).retry_after_s is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_the_reading(milliseconds: str, after: str) -> None:
    wait = told(503, {"retry-after-ms": milliseconds, "retry-after": after}).retry_after_s
    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (told(429, {"x-should-retry": "false"}), False),
        (told(409, {"x-should-retry": "true"}), True),
        (told(400, {"x-should-retry": "true"}), True),
        (told(429, code="insufficient_quota"), False),
        (told(408), True),
        (told(502), True),
        (told(422), False),
    ],
)
def test_the_providers_own_word_decides_whether_again_may_help(error: ProviderError, retryable: bool) -> None:
    assert error.retryable == retryable


def test_an_account_without_credit_is_told() -> None:
    assert "credit" in told(429, code="insufficient_quota").mend


@pytest.mark.parametrize(
    ("status", "turned_away"),
    [(429, True), (401, True), (400, True), (503, True), (408, False), (500, False), (502, False), (None, False)],
)
def test_only_what_no_model_can_have_seen_was_turned_away(status: int | None, turned_away: bool) -> None:
    assert told(status).turned_away == turned_away


def test_a_server_that_nobody_reached_saw_nothing() -> None:
    class ConnectError(Exception):
        """As httpx names it."""

    error = LibraryError(None)
    error.__cause__ = ConnectError("refused")
    failure = provider_error(error, where="somewhere")
    assert isinstance(failure, ProviderError)
    assert failure.turned_away
    assert "--base-url" in failure.mend


def test_a_call_that_takes_too_long_is_left_behind() -> None:
    release, ended = threading.Event(), threading.Event()

    def stalled() -> None:
        release.wait(20)
        ended.set()

    with pytest.raises(CallTimedOut, match=r"within 0\.1 s") as failure:
        run_abandonable(stalled, limit_s=0.1, cancelled=threading.Event(), where="somewhere")
    assert failure.value.retryable
    assert not ended.is_set()
    release.set()
    assert ended.wait(20)


def test_a_cancelled_call_is_left_behind() -> None:
    cancelled, release = threading.Event(), threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    with pytest.raises(Cancelled):
        run_abandonable(lambda: release.wait(20), limit_s=20, cancelled=cancelled, where="x")
    release.set()


def test_what_a_call_raises_comes_through() -> None:
    def fail() -> None:
        raise told(500)

    with pytest.raises(ProviderError):
        run_abandonable(fail, limit_s=20, cancelled=threading.Event(), where="x")


def test_a_pause_ends_when_it_is_cancelled() -> None:
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    with pytest.raises(Cancelled):
        sleep_unless_cancelled(600, cancelled)
