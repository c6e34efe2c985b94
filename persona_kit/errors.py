"""Every error a user can cause or mend, as one tree; anything else is a bug.

PersonaKitError                 exit 3: the message says what, where, and how to mend it
├── UsageError                  exit 2: options that do not go together
├── InputError                  the files given: missing, empty, unreadable, a column that is not there
├── OutputError                 the place to write to: unwritable, or it holds a different run
├── EnvironmentProblem          this machine: an extra not installed, a model file that is not there, a shadowed room
├── WorkspaceLocked             another process is writing the same workspace
├── PrivacyError                a step that would let personal data leave the machine
├── BudgetExhausted             the tokens, money or time a run may spend are used up
├── ModelError                  a language model or embedding engine, `retryable` says whether again may help
│   ├── TruncatedAnswer         the answer hit its token limit
│   ├── PromptTooLong           the prompt does not fit the context window
│   ├── MalformedAnswer         the answer does not fit its schema
│   └── RefusedAnswer           the model declined
└── PromptError                 a template: missing, undeclared or unused variables
"""

from __future__ import annotations


class PersonaKitError(Exception):
    """An expected failure, told to the user as a message without a traceback.

    Args:
        what: what happened, in one sentence.
        where: the file, column, option or value concerned.
        mend: what the user can do about it.
    """

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what = what
        self.where = where
        self.mend = mend
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The whole message: what, where and how to mend it, on one line each."""
        lines = [self.what]
        if self.where:
            lines.append(f"where: {self.where}")
        if self.mend:
            lines.append(f"to mend it: {self.mend}")
        return "\n".join(lines)


class UsageError(PersonaKitError):
    """Options that contradict each other or the data given."""

    exit_code = 2


class InputError(PersonaKitError):
    """An input file that is missing, empty, unreadable or of an unexpected shape."""


class OutputError(PersonaKitError):
    """A place to write to that cannot be written or holds something else."""


class EnvironmentProblem(PersonaKitError):
    """Something on this machine is missing or in the way."""


class WorkspaceLocked(PersonaKitError):
    """Another process holds the workspace."""


class PrivacyError(PersonaKitError):
    """A step that would let personal data leave the machine without being asked to."""


class BudgetExhausted(PersonaKitError):
    """What a run may spend is used up: not a failed call, so that nothing else is tried in its place."""


class ModelError(PersonaKitError):
    """A language model or embedding engine failed.

    Args:
        retryable: whether the same call may succeed when made again.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "", retryable: bool = False) -> None:
        self.retryable = retryable
        super().__init__(what, where=where, mend=mend)


class TruncatedAnswer(ModelError):
    """The model's answer was cut at its token limit."""


class PromptTooLong(ModelError):
    """The prompt and the room reserved for the answer exceed the context window."""


class MalformedAnswer(ModelError):
    """The model's answer does not fit the schema asked for."""


class RefusedAnswer(ModelError):
    """The model declined to answer, or answered with nothing."""


class PromptError(PersonaKitError):
    """A prompt template that is missing, or that was given the wrong variables."""
