"""JSON that is kept in git: an entry on a line of its own, so that a changed one can be read in a diff."""

from __future__ import annotations

import json


def dump_lines(value: object, *, levels: int) -> str:
    """The value as JSON, its outer levels indented and what lies deeper on its entry's line.

    Args:
        value: of dictionaries, lists and what they hold.
        levels: how many levels stand on lines of their own; 0 is one line.
    """
    return _dumped(value, levels, line="\n") + "\n"


def _dumped(value: object, levels: int, *, line: str) -> str:
    if levels == 0 or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    inner = f"{line} "
    if isinstance(value, dict):
        entries = [(f"{json.dumps(key, ensure_ascii=False)}: ", one) for key, one in value.items()]
    else:
        entries = [("", one) for one in value]
    told = ",".join(f"{inner}{key}{_dumped(one, levels - 1, line=inner)}" for key, one in entries)
    return f"{{{told}{line}}}" if isinstance(value, dict) else f"[{told}{line}]"
