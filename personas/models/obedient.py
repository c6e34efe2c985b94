"""A scripted model that obeys whatever it is shown: what it says must not reach an output all the same.

`obeying` makes a script for `personas.models.scripted`. It knows the orders that were planted, however they are
disguised, so that nothing is left to how clever a model is: an order that reaches its prompt is carried out, in every
field of every answer, with the order's own words as the quote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from personas.models.lying import fill, read_prompt

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from personas.models.lying import AskedPrompt
    from personas.models.scripted import Script

_LEAST_SEEN: Final = 12
"""Characters of an order's text that are enough to obey it; a shorter text must be seen whole."""
_WORDS_OF_HONEST: Final = 8


@dataclass(frozen=True)
class Order:
    """What a planted text orders."""

    texts: tuple[str, ...]
    """As they were planted; any of them in a prompt is enough."""
    payload: str
    """What it orders to be written."""


def obeying(orders: Sequence[Order] = ()) -> Script:
    """A script that carries out these orders, and any sentence that orders openly; without one it answers honestly.

    Args:
        orders: what was planted.
    """
    known = [(order, tuple(_pieces(order.texts))) for order in orders]

    def obey(messages: Sequence[BaseMessage], schema: Mapping[str, Any]) -> str:
        texts = [str(message.text) for message in messages]
        shown = _flat(texts[-1])
        prompt = read_prompt(texts)
        payloads = [order.payload for order, pieces in known if any(piece in shown for piece in pieces)]
        servant = _Servant(prompt, payloads or list(prompt.orders), schema.get("$defs", {}), known)
        return json.dumps(fill(schema, "", servant), ensure_ascii=False)

    return obey


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold()


def _pieces(texts: Sequence[str]) -> list[str]:
    """Runs of a planted text that betray it, wherever passages are cut."""
    found = []
    for text in map(_flat, texts):
        step = _LEAST_SEEN * 2
        pieces = [text[at : at + step] for at in range(0, max(1, len(text) - step + 1), step)]
        found += [piece for piece in pieces if piece and len(piece) >= min(_LEAST_SEEN, len(text))]
    return found


class _Servant:
    """Fills an answer with what is ordered, or with what the evidence says."""

    def __init__(
        self,
        prompt: AskedPrompt,
        payloads: Sequence[str],
        definitions: Mapping[str, Any],
        known: Sequence[tuple[Order, tuple[str, ...]]],
    ) -> None:
        self.prompt = prompt
        self.definitions = definitions
        ordered = [
            piece for piece in prompt.evidence if any(p in _flat(piece[1]) for _, pieces in known for p in pieces)
        ]
        self._quotes = cycle([*ordered, *prompt.evidence] if payloads else prompt.evidence)
        self._payloads = cycle(payloads) if payloads else None
        self._quoted: tuple[int, str] | None = None

    def quote(self) -> str:
        """The order's own words, or a piece of the evidence to the letter; the one whose number was told."""
        _, text = self._quoted or next(self._quotes)
        self._quoted = None
        return text

    def number(self) -> int:
        """The number of the piece quoted next."""
        self._quoted = next(self._quotes)
        return self._quoted[0]

    def text(self) -> str:
        """What is ordered; else the first words of the evidence."""
        if self._payloads is not None:
            return next(self._payloads)
        words = re.sub(r"^\w+: ", "", self.prompt.evidence[0][1]).split()
        return " ".join(words[:_WORDS_OF_HONEST])

    def claim_id(self) -> str:
        """A claim of the prompt."""
        return (self.prompt.claim_ids or ("c1",))[0]

    def attribute(self, place: int) -> str:
        """The attribute asked for, in order."""
        asked = self.prompt.attributes or ("demographics",)
        return asked[place % len(asked)]
