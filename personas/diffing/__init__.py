"""`personas diff`: two persona sets compared, with the people behind every difference."""

from personas.diffing.comparing import compare_sets, diff
from personas.diffing.opening import OpenedSet, open_set
from personas.diffing.people_table import write_people
from personas.diffing.records import SetDiff
from personas.diffing.telling import choose_language, tell_diff

__all__ = ["OpenedSet", "SetDiff", "choose_language", "compare_sets", "diff", "open_set", "tell_diff", "write_people"]
