"""What is advised, as stored records; nothing here imports the records of personas, which hold these."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from persona_kit.records import Record
from retrieval.documents import Citation

Area = Literal["marketing", "product", "service", "risk", "growth"]
AREAS: tuple[Area, ...] = ("marketing", "product", "service", "risk", "growth")
"""In the order in which they are shown."""

BaselineFrom = Literal["claim", "orders", "assumed"]
ItemKind = Literal["product", "content"]


class OlderGroup(Record):
    """The group of an older way of dividing customers that holds most of a segment's people."""

    column: str
    """Column of the customer table, or `RFM`."""
    value: str
    people: int
    """Of all groups together, those in this one."""
    shared: int
    """Of them, people of the segment."""


class Trial(Record):
    """How to find out whether an action works: half of the people at random, the other half as before."""

    measure: str
    baseline: float
    """Share without the action, 0..1."""
    target: float
    """Share that would make it worth doing."""
    baseline_from: BaselineFrom
    """`assumed`: nothing in the run tells it, put in your own figure."""
    people_per_arm: int
    """People that each half needs to see that difference."""
    alpha: float
    """Two-sided chance of seeing a difference where there is none."""
    power: float
    """Chance of seeing the difference where it is there."""
    available: int
    """People of the segment, both halves together."""
    visible_target: float | None
    """The share nearest to the baseline that the segment's own people can show, half against half; None: none."""
    older: OlderGroup | None = None
    """Whom to give the same beside them, to see whether the persona picks better; None: people picked at random."""
    against: str
    """The comparison with the older segmentation, in words."""

    @property
    def is_feasible(self) -> bool:
        """Whether the segment has people enough for the difference aimed at."""
        return 2 * self.people_per_arm <= self.available


class Action(Record):
    """Something to try, as a hypothesis: which claims speak for it, and how it would be found out."""

    action_id: str
    """`a1`, `a2`, ... within its persona."""
    area: Area
    kind: str
    """What sort of action: `fix`, `build`, `message`, `price`, `offer`, `answer`, `keep`, `win back`, `invite`, ..."""
    what: str
    hypothesis: str
    claim_ids: tuple[str, ...]
    """Claims of the persona it rests on; never empty."""
    trial: Trial


class Recommendation(Record):
    """A product or a content that people here have or voice more often than others."""

    kind: ItemKind
    item: str
    """Name of the product, or the theme's label."""
    item_id: str = ""
    """`theme_id` of a content."""
    because: tuple[str, ...] = ()
    """Products that go with it; empty where the segment itself does."""
    people: int
    """Who has both: the item, and the products or the segment it is recommended to."""
    known: int
    """Of how many."""
    share: float
    share_elsewhere: float
    interval: tuple[float, float]
    """95 % Wilson interval of the share."""
    lift: float | None
    """Share here over share elsewhere; None where nobody elsewhere has it."""
    adjusted_lift: float | None = None
    """Of content: among people who wrote about as much."""
    p_value: float
    """One-sided, Fisher's exact test, corrected by Holm for everything that could have been found."""
    reach: int
    """People of the segment who have not got it, and could be offered it."""


class ProductPoint(Record):
    """A thing that several people praise or blame a product for."""

    word: str
    """What they name, in their own word."""
    people: int
    share: float
    """Of the people who wrote about the product."""
    share_elsewhere: float | None = None
    """Of the people who wrote about other products; None where there is only one."""
    citations: tuple[Citation, ...]
    """Each from another person."""


class ProductVerdict(Record):
    """What people say of one product."""

    product: str
    people: int
    """Distinct customers who wrote about it."""
    documents: int
    buyers: int | None = None
    """Customers who ordered it; None without orders."""
    rating: float | None = None
    """Mean of the ratings, 0..1; None where none is given."""
    praising: int
    """People who wrote a sentence about it that feels good."""
    blaming: int
    """People who wrote one that feels bad; somebody can do both."""
    praised: tuple[ProductPoint, ...] = ()
    blamed: tuple[ProductPoint, ...] = ()
    by_segment: dict[str, tuple[int, int]] = Field(default_factory=dict)
    """segment_id -> people who praise and who blame it there."""
