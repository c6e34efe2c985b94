"""Answers to questions about a persona, from what the people of its segment wrote and nothing else."""

from personas.asking.answering import ask
from personas.asking.records import AnswerSentence, PersonaAnswer, Voice
from personas.asking.telling import tell_answer, tell_notes

__all__ = ["AnswerSentence", "PersonaAnswer", "Voice", "ask", "tell_answer", "tell_notes"]
