"""Near-identical posts by several people are one voice."""

from persona_kit.hashing import sha256_text
from retrieval.bursts import count_once, find_bursts, tell_burst
from retrieval.documents import Document

LONG = "This machine changed my mornings completely and I would buy it again without any doubt at all, friends"


def document(name: str, customer: str, text: str, day: str | None = None) -> Document:
    return Document(
        document_id=name, customer_id=customer, text=text, source="a", text_sha256=sha256_text(text), created_at=day
    )


def test_bursts_are_long_alike_and_by_several_people() -> None:
    posts = [document(f"p{i}", f"c{i}", f"{LONG} {'!' * i}") for i in range(4)]
    bursts = find_bursts(posts)
    assert [(burst.places, burst.people) for burst in bursts] == [((0, 1, 2, 3), 4)]
    assert tell_burst(bursts[0], posts).startswith("4 near-identical posts by 4 customers (p0, p1, p2, p3): “This")
    assert find_bursts([document(f"p{i}", "one", LONG) for i in range(4)]) == ()
    assert find_bursts([document(f"p{i}", f"c{i}", "the app") for i in range(9)]) == ()
    other = "My grinder on the other hand is loud and slow and it never grinds the beans finely enough for me"
    assert find_bursts([posts[0], posts[1], document("x", "x", other)]) == ()


def test_the_same_words_over_years_are_no_burst() -> None:
    days = [f"{year}-05-01" for year in range(2018, 2024)]
    assert find_bursts([document(f"p{i}", f"c{i}", LONG, day) for i, day in enumerate(days)]) == ()
    close = [document(f"p{i}", f"c{i}", LONG, f"2024-05-{1 + 4 * i:02}") for i in range(4)]
    assert len(find_bursts(close)) == 1


def test_only_the_first_post_of_a_burst_is_a_voice() -> None:
    others = [document(f"q{i}", f"q{i}", f"Something else number {i}") for i in range(9)]
    for day in (None, "2024-05-01"):
        posts = [document(f"p{i}", f"c{i}", LONG, day) for i in range(4)] + others
        marked = count_once(posts, find_bursts(posts))
        assert [post.repeats for post in marked[:5]] == ["", "p0", "p0", "p0", ""]


def test_a_corpus_of_undated_forms_is_counted_as_it_is() -> None:
    posts = [document(f"p{i}", f"c{i}", LONG) for i in range(4)]
    assert not any(post.repeats for post in count_once(posts, find_bursts(posts)))


def test_the_words_of_a_flagged_burst_are_not_told() -> None:
    posts = [
        Document(
            document_id=f"p{i}",
            customer_id=f"c{i}",
            text=LONG,
            source="a",
            text_sha256=sha256_text(LONG),
            flagged=("instruction",),
        )
        for i in range(3)
    ]
    assert "This" not in tell_burst(find_bursts(posts)[0], posts)
