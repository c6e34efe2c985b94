"""From messages to tokens by the chat template a GGUF carries.

Customer text never becomes a control token: the template is rendered with placeholders, and only what stands between
them may hold control tokens; each message's text is tokenised as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from persona_kit.errors import EnvironmentProblem

if TYPE_CHECKING:
    from llama_cpp import Llama

_PLACEHOLDER = "\ue000{}\ue001"  # private use: no template holds these
_PLACEHOLDERS = re.compile("\ue000([0-9]+)\ue001")

Turn = tuple[str, str]
"""Role (`system`, `user`, `assistant`) and text."""


class ChatTemplate:
    """The chat template of a loaded model.

    Args:
        llama: the loaded model.
        model: how messages name it.

    Raises:
        EnvironmentProblem: when the GGUF holds no chat template.
    """

    def __init__(self, llama: Llama, *, model: str) -> None:
        import llama_cpp
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        template = llama.metadata.get("tokenizer.chat_template")
        if not template:
            raise EnvironmentProblem(
                "the model file holds no chat template",
                where=model,
                mend="use the instruct (chat) version of the model",
            )
        self._llama = llama
        self._model = model
        vocabulary = llama_cpp.llama_model_get_vocab(llama.model)
        self._adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(vocabulary))
        self._bos = llama.token_bos()
        self._formatter = Jinja2ChatFormatter(
            template=template, eos_token=self._token_text(llama.token_eos()), bos_token=self._token_text(self._bos)
        )

    def tokenize(self, turns: Sequence[Turn]) -> list[int]:
        """The tokens of the whole prompt, up to where the assistant's answer begins."""
        try:
            rendered = self._render(turns)
        except Exception as error:
            folded = _fold_system(turns)
            if folded == list(turns):
                raise self._refusal(error) from error
            turns = folded
            try:
                rendered = self._render(turns)
            except Exception as second:
                raise self._refusal(second) from second
        return self._tokens(rendered, turns)

    def _render(self, turns: Sequence[Turn]) -> str:
        messages = [
            {"role": role, "content": _PLACEHOLDER.format(number)} for number, (role, _text) in enumerate(turns)
        ]
        # The formatter's argument is a union of typed dictionaries with literal roles.
        rendered = self._formatter(messages=messages).prompt  # type: ignore[arg-type]
        found = [int(number) for number in _PLACEHOLDERS.findall(rendered)]
        if found != list(range(len(turns))):
            raise ValueError("it does not show every message once and in order")
        return str(rendered)

    def _tokens(self, rendered: str, turns: Sequence[Turn]) -> list[int]:
        tokens: list[int] = []
        for number, piece in enumerate(_PLACEHOLDERS.split(rendered)):
            text = turns[int(piece)][1] if number % 2 else piece
            if text:
                encoded = text.encode("utf-8", "replace")
                tokens += self._llama.tokenize(encoded, add_bos=False, special=number % 2 == 0)
        if self._adds_bos and tokens[:1] != [self._bos]:
            tokens.insert(0, self._bos)
        return tokens

    def _token_text(self, token: int) -> str:
        return "" if token < 0 else self._llama.detokenize([token], special=True).decode("utf-8", "replace")

    def _refusal(self, error: Exception) -> EnvironmentProblem:
        return EnvironmentProblem(
            f"the chat template of the model file cannot be used: {error}",
            where=self._model,
            mend="use another build of the model",
        )


def _fold_system(turns: Sequence[Turn]) -> list[Turn]:
    """The system message as the head of the first user message, for templates that know no system role."""
    if len(turns) < 2 or turns[0][0] != "system" or turns[1][0] != "user":
        return list(turns)
    return [("user", f"{turns[0][1]}\n\n{turns[1][1]}"), *turns[2:]]
