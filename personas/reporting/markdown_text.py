"""Text made safe for GitHub Markdown, and tables of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from personas.reporting.visible import visible
from retrieval.documents import Citation

_STRUCTURE = re.compile(r"([\\`*_{}\[\]()<>#|~!$&@:])")
_LEADING = re.compile(r"^(\s*)(\d+)([.)])|^(\s*)([-+=])")


def escape(text: object) -> str:
    """The text on one line, with nothing in it that Markdown or HTML could read as structure.

    `@` and `:` are among it because GitHub links mentions and bare addresses on its own.
    """
    flat = " ".join(visible(text).split())
    flat = _STRUCTURE.sub(r"\\\1", flat)
    flat = re.sub(
        r"(?i)\b(https?|ftp|mailto)(?=\\:)", lambda found: found[0][0] + "\N{WORD JOINER}" + found[0][1:], flat
    )
    flat = re.sub(r"(?i)\bwww\.", lambda found: found[0][:3] + "\\.", flat)
    return _LEADING.sub(lambda found: "".join(_guard(part) for part in found.groups() if part), flat)


def _guard(part: str) -> str:
    return "\\" + part if part in {".", ")", "-", "+", "="} else part


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table of cells that are escaped already; the columns of `right` stand to the right."""
    rule = ["--:" if at in right else "---" for at in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def markdown_list(lines: Sequence[str]) -> str:
    """A list of lines that are escaped already."""
    return "\n".join(f"- {line}" for line in lines)


def quote_markdown(citation: Citation) -> str:
    """A quote with the document it stands in."""
    return f"“{escape(citation.quote)}” ({escape(citation.document_id)})"
