"""The report's Content-Security-Policy, in a real browser: were escaping to fail, nothing would run or leave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from personas.reporting.html import render_html
from tests.personas.reporting_example import english_example

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

ESCAPED = """
<script>window.ran = 'inline'</script>
<script src="{host}/script.js"></script>
<img id="broken" src="data:image/png;base64,xx" onerror="window.ran = 'handler'">
<img src="{host}/image.png"><iframe src="{host}/frame"></iframe><object data="{host}/object"></object>
<link rel="stylesheet" href="{host}/style.css"><style>body {{ background: url({host}/background) }}</style>
<p id="styled" style="position: fixed; background: url({host}/inline)">styled</p>
<svg><animate onbegin="window.ran = 'svg'"></animate></svg><video src="{host}/video"></video>
<base href="{host}/base/"><form id="form" action="{host}/form"><input name="a" value="b"></form>
<a id="link" href="javascript:void(window.ran = 'link')">link</a>
"""


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and the paths it was asked for."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def open_page(browser: Browser, path: Path, html: str) -> tuple[str | None, int]:
    """What ran of the injected parts, and how often the policy was violated."""
    path.write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.add_init_script(
        "window.refused = 0; addEventListener('securitypolicyviolation', () => { window.refused += 1 })"
    )
    page.goto(path.as_uri())
    page.evaluate("document.querySelector('#link').click()")
    page.evaluate("try { document.querySelector('#form').submit() } catch (error) {}")
    page.wait_for_timeout(300)
    ran, refused = page.evaluate("[window.ran ?? null, window.refused]")
    page.close()
    return ran, refused


def test_injected_parts_neither_run_nor_fetch(browser: Browser, tmp_path: Path, visits: tuple[str, list[str]]) -> None:
    host, asked = visits
    example = english_example()
    whole = render_html(example.persona_set, **example.arguments)
    injected = whole.replace("<body>", "<body>" + ESCAPED.format(host=host), 1)
    ran, refused = open_page(browser, tmp_path / "report.html", injected)
    assert ran is None
    assert asked == []
    assert refused >= 8


def test_without_the_policy_they_would(browser: Browser, tmp_path: Path, visits: tuple[str, list[str]]) -> None:
    """What is injected is harmful, or the test above would prove nothing."""
    host, asked = visits
    bare = "<!doctype html><body>" + ESCAPED.format(host=host).replace('<form id="form"', '<form id="form" target="x"')
    ran, refused = open_page(browser, tmp_path / "bare.html", bare)
    assert ran is not None
    assert {"/script.js", "/image.png", "/style.css"} <= set(asked)
    assert refused == 0
