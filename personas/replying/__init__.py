"""Drafts of service answers in the tone of a customer's persona, which promise nothing."""

from personas.replying.drafting import reply
from personas.replying.records import ReplyDraft, ReplyLine
from personas.replying.telling import tell_draft, tell_notes

__all__ = ["ReplyDraft", "ReplyLine", "reply", "tell_draft", "tell_notes"]
