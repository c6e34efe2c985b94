"""Text that several templates share: a line ``{% include "rules.j2" %}`` stands for the file ``parts/rules.j2``.

A part is put in its place before the template is split into sections, so that hashes, fences and declared inputs see
the whole text. Jinja's own include would be resolved while a prompt is rendered, when customer text is already there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from persona_kit.errors import PromptError

_INCLUDE = re.compile(r'^[ \t]*\{%-?\s*include\s+"([^"]+)"\s*-?%\}[ \t]*$', re.MULTILINE)
_ANY_INCLUDE = re.compile(r"\{%-?\s*(?:include|import|from|extends)\b[^%]*%\}")


def expand_parts(body: str, parts: Mapping[str, str], *, where: str, within: tuple[str, ...] = ()) -> str:
    """The body with each included part in its place, parts of parts too.

    Args:
        body: of the template, without its front matter.
        parts: file name -> text.
        where: how errors name the template.
        within: the parts that this text stands in, outermost first.

    Raises:
        PromptError: when a part is not there, includes itself, or is included in another way than on a line of its own.
    """

    def replace(found: re.Match[str]) -> str:
        name = found[1]
        if name in within:
            raise PromptError(f"the parts include each other: {' > '.join((*within, name))}", where=where)
        if name not in parts:
            raise PromptError(
                f"there is no part {name!r}",
                where=where,
                mend="choose one of: " + (", ".join(sorted(parts)) or "none is installed"),
            )
        return expand_parts(parts[name].rstrip("\n"), parts, where=where, within=(*within, name))

    expanded = _INCLUDE.sub(replace, body)
    if stray := _ANY_INCLUDE.search(expanded):
        raise PromptError(
            f"a part can only be included as a whole: {stray[0]}",
            where=where,
            mend='write {% include "NAME.j2" %} on a line of its own',
        )
    return expanded
