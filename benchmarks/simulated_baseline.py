"""Whether word lists solve the simulated corpora, and whether meaning does.

    python -m benchmarks.simulated_baseline [--seeds 3] [--customers 300] [--world NAME] [--language en]

For each world and language it prints the F1 (micro and macro over values) of two word-list taggers of people, and the
ARI of k-means at the true k on the mean vector of what each person wrote (wordllama; for Chinese character n-grams).

`learned`: for each value the words most distinctive of one half of its phrasings (log-odds with an informative prior,
Monroe et al. 2008), counted in statements or in people; told on people who use the other half, both ways. Of both kinds
of counting and five lengths the one that does best on those people is shown: more than a word list could hope for.
`obvious`: the words of the value's own name and of its synonyms as the world lists them.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache
from statistics import mean, median
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from personas.simulation import Simulation, SimulationOptions, simulate, world_names
from personas.terms import content_words, stem
from retrieval.embedders import Embedder
from retrieval.embedders.lsa import LsaEmbedder
from retrieval.embedders.wordllama import WordLlamaEmbedder

Language = Literal["en", "zh"]
WordLists = Mapping[str, frozenset[str]]
LENGTHS = (1, 3, 5, 10, 20)
"""How many words a learned list may have."""


def words(text: str) -> tuple[str, ...]:
    return tuple(map(stem, content_words(text)))


def people_words(simulation: Simulation) -> dict[str, set[str]]:
    """The words that each person used."""
    used: dict[str, set[str]] = defaultdict(set)
    for row in simulation.documents:
        used[row["customer_id"]].update(words(own_text(row)))
    return used


def own_text(row: Mapping[str, Any]) -> str:
    turns = row.get("turns", ())
    return str(row["text"]) if "text" in row else "\n".join(t["text"] for t in turns if t["role"] == "customer")


def voiced(simulation: Simulation) -> dict[str, set[str]]:
    """The values that each person really voices."""
    return {entry["customer_id"]: set(entry["tags"]["topics"]) for entry in simulation.truth["customers"]}


def f1_scores(lists: WordLists, simulation: Simulation) -> tuple[float, float]:
    """Micro and macro F1 of tagging everybody who uses a listed word; values that nobody voices are left out."""
    used, truth = people_words(simulation), voiced(simulation)
    counts = {value: [0, 0, 0] for value in lists}
    for person, held in truth.items():
        for value, listed in lists.items():
            told = not used[person].isdisjoint(listed)
            counts[value][0] += told and value in held
            counts[value][1] += told
            counts[value][2] += value in held
    present = [entry for entry in counts.values() if entry[2]]
    hits, claims, real = (sum(column) for column in zip(*present, strict=True))
    return 2 * hits / max(1, claims + real), mean(2 * hit / (claim + held) for hit, claim, held in present)


def count_statements(simulation: Simulation) -> dict[str, Counter[str]]:
    """In how many statements of each value each word stands."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for document in simulation.document_truth:
        for statement in document["statements"]:
            counts[statement["value"]].update(set(words(statement["text"])))
    return counts


def count_people(simulation: Simulation) -> dict[str, Counter[str]]:
    """How many of the people who voice each value use each word, whatever they say with it."""
    used, counts = people_words(simulation), defaultdict[str, Counter[str]](Counter)
    for person, held in sorted(voiced(simulation).items()):
        for value in sorted(held):
            counts[value].update(used[person])
    return counts


def best_learned(here: Simulation, there: Simulation) -> tuple[float, float]:
    """F1 of the best learned lists, of whichever kind and length does best where they are tested."""
    ranked = [rank_words(count(here)) for count in (count_statements, count_people)]
    lists = [{v: frozenset(order[:n]) for v, order in one.items()} for one in ranked for n in LENGTHS]
    return max(f1_scores(one, there) for one in lists)


def rank_words(by_value: Mapping[str, Counter[str]]) -> dict[str, list[str]]:
    total: Counter[str] = sum(by_value.values(), Counter())
    prior = {word: 10.0 * count / total.total() for word, count in total.items()}
    ranked = {}
    for value, counts in sorted(by_value.items()):
        n, rest = counts.total(), total.total() - counts.total()
        scored = []
        for word in counts:
            here, there = counts[word] + prior[word], total[word] - counts[word] + prior[word]
            odds = np.log(here / (n + 10 - here)) - np.log(there / (rest + 10 - there))
            scored.append((-float(odds / np.sqrt(1 / here + 1 / there)), word))
        ranked[value] = [word for _, word in sorted(scored)]
    return ranked


def obvious_lists(simulation: Simulation, language: Language) -> WordLists:
    """Words of each value's name and synonyms."""
    return {
        value: frozenset(words(" ; ".join([told["name"][language], *told["words"][language]])))
        for value, told in simulation.truth["values"].items()
    }


@lru_cache(maxsize=1)
def wordllama() -> WordLlamaEmbedder:
    return WordLlamaEmbedder()


def person_vectors(simulation: Simulation, language: Language) -> tuple[list[str], NDArray[np.float32]]:
    """Everybody's mean document vector, of unit length."""
    texts = [own_text(row) for row in simulation.documents]
    embedder: Embedder = wordllama() if language == "en" else LsaEmbedder.fit(texts)
    vectors = embedder.embed(texts)
    ids = [entry["customer_id"] for entry in simulation.truth["customers"] if entry["segment"]]
    place = {customer_id: at for at, customer_id in enumerate(ids)}
    sums = np.zeros((len(ids), vectors.shape[1]), dtype=np.float32)
    for row, vector in zip(simulation.documents, vectors, strict=True):
        if row["customer_id"] in place:
            sums[place[row["customer_id"]]] += vector
    return ids, sums / np.maximum(1e-9, np.linalg.norm(sums, axis=1, keepdims=True))


def k_means_ari(simulation: Simulation, language: Language) -> tuple[float, float]:
    """ARI of k-means at the true k: over everybody with a segment, and over those with three documents or more."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    ids, vectors = person_vectors(simulation, language)
    entries = {entry["customer_id"]: entry for entry in simulation.truth["customers"]}
    true = [entries[customer_id]["segment"] for customer_id in ids]
    found = KMeans(len(set(true)), n_init=10, random_state=0).fit_predict(vectors)
    many = [at for at, customer_id in enumerate(ids) if entries[customer_id]["documents"] >= 3]
    some = adjusted_rand_score([true[at] for at in many], found[many])
    return adjusted_rand_score(true, found), some


def measure(world: str, language: Language, seeds: range, customers: int) -> str:
    shared = SimulationOptions(world=world, language=language, customers=customers, orders=False)

    def make(seed: int, segments: int, **rest: str) -> SimulationOptions:
        return shared.model_copy(update={"seed": seed, "segments": segments, **rest})

    learned, obvious, everybody, many = [], [], [], []
    for seed in seeds:
        for here, there in (("first", "second"), ("second", "first")):
            train, test = make(seed, 10, phrasings=here), make(seed + 1000, 10, phrasings=there)
            learned.append(best_learned(simulate(train), simulate(test)))
        whole = simulate(make(seed, 10))
        obvious.append(f1_scores(obvious_lists(whole, language), whole))
    for segments in (3, 5, 7, 10):
        pairs = [k_means_ari(simulate(make(seed, segments)), language) for seed in seeds]
        everybody.append(median(pair[0] for pair in pairs))
        many.append(median(pair[1] for pair in pairs))
    told = [f"{world:14} {language}"]
    for scores in (learned, obvious):
        told.append(f"{mean(pair[0] for pair in scores):.2f} / {mean(pair[1] for pair in scores):.2f}")
    told += [" ".join(f"{ari:.2f}" for ari in column) for column in (everybody, many)]
    return " | ".join(told)


def main() -> None:
    """Prints a row for each world and language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--world", choices=world_names())
    parser.add_argument("--language", choices=("en", "zh"))
    arguments = parser.parse_args()
    print(
        "world | F1 learned micro / macro | F1 obvious micro / macro | ARI at k = 3 5 7 10 | with 3 documents or more"
    )
    for world in [arguments.world] if arguments.world else world_names():
        for language in [arguments.language] if arguments.language else ("en", "zh"):
            print(measure(world, language, range(arguments.seeds), arguments.customers), flush=True)


if __name__ == "__main__":
    main()
