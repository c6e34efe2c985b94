"""What every page has in common: templates that escape, and a policy under which nothing comes in from outside."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment
    from jinja2.bccache import Bucket

TEMPLATES = files("personas.reporting") / "templates"


def read_template(name: str) -> str:
    """The text of a template, stylesheet or script that ships."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def page_environment() -> Environment:
    """Templates that escape every value and fail on a missing one."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(read_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(),
    )


@cache
def _compiled() -> BytecodeCache:
    """The templates this process compiled, so that a batch compiles each once and not once a report."""
    from jinja2 import BytecodeCache

    class Compiled(BytecodeCache):
        def __init__(self) -> None:
            self.kept: dict[tuple[str, str], Any] = {}

        def load_bytecode(self, bucket: Bucket) -> None:
            bucket.code = self.kept.get((bucket.key, bucket.checksum))

        def dump_bytecode(self, bucket: Bucket) -> None:
            self.kept[bucket.key, bucket.checksum] = bucket.code

    return Compiled()


def trusted(text: str) -> Any:
    """Our own stylesheet and script, which hold nothing from outside, so that they are not escaped."""
    from markupsafe import Markup

    return Markup(text)


def content_policy(*, style: str, script: str | None) -> str:
    """The content security policy: nothing but this very stylesheet and, where there is one, this script."""
    scripts = "" if script is None else f"script-src '{_digest(script)}'; "
    return f"default-src 'none'; style-src '{_digest(style)}'; {scripts}base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
