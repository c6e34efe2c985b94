"""What one person writes over the year."""

from __future__ import annotations

from personas.simulation.composing import (
    DECOY_CHANCE,
    KINDS,
    MOOD_CHANCE,
    SCENE_CHANCE,
    STATEMENTS,
    Kind,
    Written,
    frame,
    join_sentences,
    line,
    make_turns,
    mood_line,
    rating_for,
)
from personas.simulation.grammar import Phrasing, expand, pick
from personas.simulation.material import Value
from personas.simulation.people import Person
from personas.simulation.planting import personal_data
from personas.simulation.population import Plan
from personas.simulation.scheduling import Slot, draw_value, is_bound_to_days, schedule
from personas.simulation.voice import dress
from retrieval.cleaning import same_words_key

TRIES = 4
"""How often something else is drawn before a repetition is let stand."""

_HALF = {"all": slice(None), "first": slice(0, None, 2), "second": slice(1, None, 2)}


def write_documents(plan: Plan, person: Person) -> list[Written]:
    """The person's documents, by date."""
    return _Writer(plan, person).write()


class _Writer:
    def __init__(self, plan: Plan, person: Person) -> None:
        self.plan = plan
        self.person = person
        self.options = plan.options
        self.wording = plan.world.wording[person.tongue]
        self.random = plan.random(person.index, "documents")
        self.used: set[Phrasing] = set()
        self.scenes: dict[Phrasing, str] = {}
        self.others = plan.voiced_elsewhere(person.segment)
        self.contradicting = self._draw_contradiction()
        self.slots = schedule(plan, person, self.others, self.random)
        held = {value.key for value, _ in person.held} | {value.key for value in self.contradicting.values()}
        self.unheld = tuple(value for key, value in plan.world.values.items() if key not in held)
        self.telling = self._draw_telling()

    def write(self) -> list[Written]:
        written: list[Written] = []
        seen: dict[str, str] = {}
        for number, slot in enumerate(self.slots):
            document = self._copy(written, number, slot) or self._write_fresh(number, slot, seen)
            key = _words_key(document)
            document.duplicate_of = seen.get(key)
            seen.setdefault(key, document.document_id)
            written.append(document)
        return written

    # --- what is drawn for the whole year -----------------------------------------------------------------------------

    def _draw_contradiction(self) -> dict[int, Value]:
        """The documents of the two opposites, by their number; the person holds neither otherwise."""
        person, random = self.person, self.random
        numbers = self.plan.documents_of[person.index]
        if person.segment is None or numbers < 2 or random.random() >= self.options.contradictions:
            return {}
        first, second = pick(random, self.plan.world.opposites)
        person.held = [entry for entry in person.held if entry[0] is not first and entry[0] is not second]
        early = random.randrange(numbers - 1)
        return {early: first, random.randrange(early + 1, numbers): second}

    def _draw_telling(self) -> dict[int, list[str]]:
        """In which document each stated fact is told."""
        telling: dict[int, list[str]] = {}
        for key, fact in self.person.facts.items():
            if fact.stated:
                telling.setdefault(self.random.randrange(len(self.slots)), []).append(key)
        return telling

    # --- one document -------------------------------------------------------------------------------------------------

    def _copy(self, written: list[Written], number: int, slot: Slot) -> Written | None:
        """An earlier document once more, now and then with another mark at its end."""
        if not written or self.random.random() >= self.plan.copying:
            return None
        if number in self.contradicting or number in self.telling:
            return None
        sources = tuple(document for document in written if not (document.personal or document.instruction))
        if not sources:
            return None
        source = pick(self.random, sources)
        row = {**source.row, **frame(self._first + number, self.person, slot.day, source.row["kind"])}
        if "text" in row and self.random.random() < 0.3:
            row["text"] += "！" if self.person.tongue == "zh" else "!!"
        return Written(row, slot.day, source.feeling, list(source.statements))

    @property
    def _first(self) -> int:
        return self.plan.first_document[self.person.index]

    def _write_fresh(self, number: int, slot: Slot, seen: dict[str, str]) -> Written:
        document = self._write(number, slot)
        for _ in range(TRIES):
            if _words_key(document) not in seen:
                break
            document = self._write(number, slot)
        return document

    def _write(self, number: int, slot: Slot) -> Written:
        kind: Kind = pick(self.random, KINDS[self.options.length])
        document = Written(frame(self._first + number, self.person, slot.day, kind), slot.day, 0.0)
        lead = self.contradicting.get(number, slot.lead)
        sentences = self._voiced(document, number, kind, lead) if lead else self._off_topic()
        self._plant(document, sentences)
        self._finish(document, kind, sentences)
        return document

    def _off_topic(self) -> list[str]:
        count = 1 if self.options.length == "short" else self.random.randint(1, 3)
        return [self._dressed(line("off_topic", self.wording, self.random)) for _ in range(count)]

    def _voiced(self, document: Written, number: int, kind: Kind, lead: Value) -> list[str]:
        """The sentences of somebody who has something to say, in order."""
        person, random, wording = self.person, self.random, self.wording
        for value in self._choose_values(kind, lead):
            document.statements.append((value, self._say(value)))
        feelings = [value.feeling for value, _ in document.statements]
        mean = sum(feelings) / len(feelings)
        document.feeling = max(-1.0, min(1.0, 0.7 * person.mood_on(document.day) + 0.4 * mean + random.gauss(0, 0.08)))
        sentences = [text for _, text in document.statements]
        for key in self.telling.get(number, ()):
            sentences.insert(0, line(f"say_{key}", wording, random, fact=str(person.facts[key].value)))
        if person.segment and person.segment.archetype and random.random() < SCENE_CHANCE[kind]:
            sentences.insert(0, self._scene(person.segment.key))
        if self.options.length == "short":
            return sentences
        if random.random() < DECOY_CHANCE[kind] * min(1.0, 3 * self.options.noise):
            sentences.insert(random.randint(0, len(sentences)), self._decoy())
        mood = mood_line(document.feeling, wording, random) if random.random() < MOOD_CHANCE[kind] else None
        if mood:
            sentences.insert(random.choice((0, len(sentences))), self._dressed(mood, document.feeling))
        if kind in {"review", "survey"} and random.random() < person.style.filler:
            sentences.insert(0, line("opener", wording, random))
        if kind == "review" and random.random() < 0.5 * person.style.filler:
            sentences.append(line("closer", wording, random))
        return sentences

    def _choose_values(self, kind: Kind, lead: Value) -> list[Value]:
        """The lead and what else is said; what is bound to some days stands alone, and leaves the others steady."""
        chosen = [lead]
        if self.options.length == "short" or is_bound_to_days(self.plan, lead):
            return chosen
        for _ in range(pick(self.random, STATEMENTS[kind]) - 1):
            value = draw_value(self.plan, self.person, self.others, self.random)
            if value not in chosen and not is_bound_to_days(self.plan, value):
                chosen.append(value)
        return chosen

    # --- one sentence -------------------------------------------------------------------------------------------------

    def _say(self, value: Value) -> str:
        """The value in words; the same phrasing again only where others have been used up."""
        phrasings = self.wording.say[value.key][_HALF[self.options.phrasings]]
        phrasing = pick(self.random, phrasings)
        for _ in range(TRIES):
            if phrasing not in self.used:
                break
            phrasing = pick(self.random, phrasings)
        self.used.add(phrasing)
        return self._dressed(expand(phrasing, self.random, self.wording.pools), value.feeling)

    def _scene(self, segment: str) -> str:
        """Something of the person's days; told again it is told alike, with the same numbers in it."""
        phrasing = pick(self.random, self.wording.scenes[segment][_HALF[self.options.phrasings]])
        if phrasing not in self.scenes:
            self.scenes[phrasing] = expand(phrasing, self.random, self.wording.pools)
        return self._dressed(self.scenes[phrasing])

    def _dressed(self, sentence: str, feeling: float = 0.0) -> str:
        return dress(sentence, self.person.style, self.wording, self.random, feeling=feeling)

    def _decoy(self) -> str:
        """The obvious words for something that the person does not voice: denied, or said of others."""
        topic = pick(self.random, self.wording.words[pick(self.random, self.unheld).key])
        return self._dressed(line("decoy", self.wording, self.random, topic=topic))

    def _plant(self, document: Written, sentences: list[str]) -> None:
        """Puts personal data and instructions between the sentences, as they stand."""
        random = self.random
        if random.random() < self.options.personal_data:
            kind, text = personal_data(self.person.tongue, random)
            document.personal.append((kind, text))
            told = line(f"give_{kind.replace(' ', '_')}", self.wording, random, datum=text)
            sentences.insert(random.randint(1, len(sentences)), told)
        if random.random() < self.options.instructions:
            document.instruction = pick(random, self.wording.plain["instructions"])
            sentences.insert(random.randint(1, len(sentences)), document.instruction)

    def _finish(self, document: Written, kind: Kind, sentences: list[str]) -> None:
        row, random = document.row, self.random
        if kind in {"review", "app"}:
            row["rating"] = rating_for(document.feeling, random)
        if kind == "review":
            row["product"] = pick(random, self.plan.world.products).name[self.person.tongue]
        if kind == "survey":
            attribute = document.statements[0][0].attribute if document.statements else "goals"
            row["question"] = pick(random, self.wording.questions[attribute])
        if kind == "chat":
            row["turns"] = make_turns(sentences, self.wording, random)
        else:
            row["text"] = join_sentences(sentences, self.wording)


def _words_key(document: Written) -> str:
    """Equal for documents of one person that a reader would take for the same."""
    return f"{document.row.get('question', '')}\x1f{same_words_key(document.text)}"
