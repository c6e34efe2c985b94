"""Events (visits, clicks, calls): how often each customer came, and through which channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.column_names import CHANNEL, DATE, SESSION, find_column
from personas.behaviour.columnar import Columns
from personas.behaviour.dates import NO_DAY, parse_days
from personas.behaviour.history import Ranges, count_items
from personas.behaviour.notes import Note, labelled, note, together
from personas.behaviour.wording import counted

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Events:
    """The events of an events table, row by row."""

    customer: Ints
    """``(events,)`` index into the different texts of the customer column."""
    visit: Ints
    """What makes events one visit: the session, else the day; rows without either are visits of their own."""
    channel: Ints
    """Index into `channels`; -1 where none is told."""
    channels: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Visits:
    """Visits and channels of each customer."""

    visits: Ints
    channels: Ranges


def read_events(table: Columns, *, customer: str, label: str) -> Events:
    """The events of a table.

    Args:
        table: column by column.
        customer: the column of the customers' ids.
        label: name of the file, for the notes.
    """
    names = tuple(table.columns)
    session, day, channel = (find_column(names, known, customer=customer) for known in (SESSION, DATE, CHANNEL))
    people = table.columns[customer].codes
    visit, told = _visits(table, session, day)
    by = note("channels from", column=channel) if channel else note("no channels")
    notes = [labelled(label, together([told, by]))]
    if nameless := int((people < 0).sum()):
        notes.append(labelled(label, note("nameless", nameless, rows=counted(nameless, "row"))))
    kept = people >= 0
    channels = table.columns[channel] if channel else None
    return Events(
        customer=people[kept].astype(np.int64),
        visit=visit[kept],
        channel=(channels.codes if channels else np.full(table.rows, -1))[kept].astype(np.int64),
        channels=channels.values if channels else (),
        notes=tuple(notes),
    )


def _visits(table: Columns, session: str | None, day: str | None) -> tuple[Ints, Note]:
    """What tells each row's visit, and the words for it."""
    own = np.arange(table.rows, dtype=np.int64)
    if session is not None:
        codes = table.columns[session].codes.astype(np.int64)
        return np.where(codes >= 0, codes, own + len(table.columns[session].values)), note(
            "visit by session", column=session
        )
    if day is None:
        return own, note("visit by row")
    column = table.columns[day]
    days = column.spread(parse_days(column.values).days, NO_DAY)
    unread = int((days == NO_DAY).sum())
    told = note("visit by day", column=day)
    if unread:
        told = note("visit by day, some unread", unread, column=day, rows=counted(unread, "row"))
    # Days are small numbers; rows of their own stand above all of them.
    return np.where(days != NO_DAY, days.astype(np.int64), own + np.iinfo(np.int32).max), told


def gather_visits(events: Events, person: Ints, people: int) -> Visits:
    """Visits and channels of each customer.

    Args:
        events: of the table.
        person: ``(customer texts,)`` the customer that each text of the customer column stands for.
        people: number of customers.
    """
    whose = person[events.customer]
    _, visit = np.unique(events.visit, return_inverse=True)
    different = np.unique(whose * (int(visit.max(initial=0)) + 1) + visit)
    owners = different // (int(visit.max(initial=0)) + 1)
    known = events.channel >= 0
    return Visits(
        visits=np.bincount(owners, minlength=people).astype(np.int64),
        channels=count_items(
            whose[known], events.channel[known], np.ones(int(known.sum())), people, names=events.channels
        ),
    )


def channel_counts(channels: Ranges, names: tuple[str, ...], customer: int) -> Mapping[str, int]:
    """Channel -> events of one customer, most used first."""
    items, counts = channels.of(customer)
    return {names[item]: int(count) for item, count in zip(items, counts, strict=True)}
