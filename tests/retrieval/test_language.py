"""Languages by script and function words."""

import pytest

from retrieval.language import detect_language, script_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I am still waiting on my card?", "en"),
        ("The app is great but the pairing fails", "en"),
        ("git", "unknown"),
        ("numpy scipy pandas matplotlib", "unknown"),
        ("12345 !!", "unknown"),
        ("", "unknown"),
        ("味道很好，服务也不错", "zh"),
        ("很好", "zh"),
        ("用 Kettlebird App 连不上 wifi，很烦", "zh"),
        ("コーヒーがとても美味しいです", "other"),
        ("커피가 정말 맛있어요", "other"),
        ("Кофе очень вкусный", "other"),
        ("Das ist nicht gut und ich bin sehr enttäuscht", "other"),
        ("Je suis très déçu par le café et la machine", "other"),
        ("[email] [phone]", "unknown"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("text", "script"),
    [("git", "latin"), ("Très bien", "latin"), ("很好 app", "han"), ("Кофе", "other"), ("12", "none")],
)
def test_script(text: str, script: str) -> None:
    assert script_of(text) == script
