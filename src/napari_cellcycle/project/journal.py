"""The journal: every word that was ever said, in the order of time; nothing is taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle.project.words import Action, Event, Word, new_id, now

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.store import Store

EVENT = (
    "action, id, who, time, segmentation, frame, label, vocabulary, old_kind, old_phase, old_note, "
    "kind, phase, note, source"
)
ACTION = "id, kind, undoes, who, time, image, vocabulary, made_in, about"


class Journal:
    """Events and actions of a project."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: int | None = None

    def enter(
        self,
        words: Sequence[tuple[int, int, Word, Word]],
        *,
        image: int,
        segmentation: int,
        vocabulary: str,
        kind: str = "say",
        source: str = "key",
        about: str = "",
        undoes: bytes | None = None,
    ) -> Action:
        """Enter the words of one gesture; when this returns, they are on the disk.

        Parameters
        ----------
        words : sequence of (frame, label, old, new)
            Cells of the present segmentation, and the old and new :class:`Word` of the person who
            works.
        image, segmentation : int
            Numbers of what the labels belong to.
        vocabulary : str
            In which they are said.
        kind : {"say", "undo", "redo", "import"}
            What kind of gesture.
        source, about, undoes
            See :class:`napari_cellcycle.project.words.Event` and ``Action``.

        Raises
        ------
        ProjectError
            If it cannot be written; nothing has changed then.
        """
        self._store.check_writable()
        action = self.new_action(image, vocabulary, kind, about, undoes)
        ids = ids_of(len(words))
        head = (action.who, action.time, segmentation)
        rows = (
            (action.id, id_, *head, frame, label, vocabulary, *_flat(old), *_flat(new), source)
            for id_, (frame, label, old, new) in zip(ids, words, strict=True)
        )
        with self._store.transaction() as changes:
            add_actions(changes, [action])
            _add_events(changes, rows)
        return action

    def new_action(
        self, image: int, vocabulary: str, kind: str, about: str, undoes: bytes | None
    ) -> Action:
        """Make an action of the person who works, to be entered next."""
        self._last = self.next_time()
        return Action(
            id=new_id(),
            kind=kind,
            who=self._store.who,
            time=self._last,
            image=image,
            vocabulary=vocabulary,
            made_in=self._store.identity,
            about=about,
            undoes=undoes,
        )

    def next_time(self) -> int:
        """Time of the next event: now, but after everything that the journal has."""
        if self._last is None:
            last = self._store.database.value("SELECT max(time) FROM action")
            self._last = int(last or 0)
        return max(now(), self._last + 1)

    def size(self) -> int:
        """How many actions there are, of everybody."""
        return int(self._store.database.value("SELECT count(*) FROM action"))

    def add(self, changes: Transaction, actions: Iterable[Action], events: Iterable[Event]) -> int:
        """Add what is not there yet, from elsewhere; returns how many events were new."""
        self._last = None
        add_actions(changes, actions)
        return _add_events(
            changes,
            (
                (
                    *(e.action, e.id, e.who, e.time, e.segmentation, e.frame, e.label),
                    *(e.vocabulary, *_flat(e.old), *_flat(e.new), e.source),
                )
                for e in events
            ),
        )

    def events(self, image: int, vocabulary: str) -> list[tuple[int, int, int, int, str, Word]]:
        """Words on the cells of an image, in no order of time.

        Returns
        -------
        list of tuple
            Time, segmentation, frame, label, who, word. Those of the same time stand in an order
            that is the same in every project.
        """
        rows = self._store.database.query(
            "SELECT time, segmentation, frame, label, who, kind, phase, note FROM event "
            "WHERE vocabulary = ? AND segmentation IN "
            "(SELECT number FROM segmentation WHERE image = ?) ORDER BY action, id",
            (vocabulary, image),
        )
        words: dict[tuple[str, str, str], Word] = {}
        found = []
        for *cell, kind, phase, note in rows:
            key = kind, phase, note
            if key not in words:
                words[key] = Word(*key)
            found.append((*cell, words[key]))
        return found

    def all(self) -> tuple[list[Action], list[Event]]:
        """Everything, of all images, for another project."""
        query = self._store.database.query
        actions = [action_from(row) for row in query(f"SELECT {ACTION} FROM action")]
        events = query(f"SELECT {EVENT} FROM event ORDER BY action")
        return actions, [event_from(row) for row in events]

    def told(self, image: int | None = None) -> list[tuple[Any, ...]]:
        """All words on the cells of an image, or of all, as a table tells them, oldest first.

        Returns
        -------
        list of tuple
            Ids of event and action; name and scene of the image, frame, label, digest of the
            segmentation; vocabulary, who, time; kind, phase and note of the old and of the new
            word, source; kind of the action, id of the one that it undoes, in which project it was
            made, what it is about; signature of the image. Ids are hexadecimal.
        """
        return self._store.database.query(
            "SELECT lower(hex(event.id)), lower(hex(event.action)), image.name, image.scene, "
            "event.frame, event.label, segmentation.digest, event.vocabulary, event.who, "
            "event.time, old_kind, old_phase, old_note, event.kind, event.phase, event.note, "
            "event.source, action.kind, coalesce(lower(hex(undoes)), ''), made_in, about, "
            "image.signature FROM event JOIN action ON action.id = event.action "
            "JOIN segmentation ON segmentation.number = event.segmentation "
            "JOIN image ON image.number = segmentation.image "
            "WHERE ? IS NULL OR image.number = ? ORDER BY event.time, event.action, event.id",
            (image, image),
        )

    def ids(self) -> set[bytes]:
        """Ids of all events."""
        return {identity for (identity,) in self._store.database.query("SELECT id FROM event")}

    def events_of(self, action: bytes) -> list[Event]:
        """Events of an action."""
        rows = self._store.database.query(
            f"SELECT {EVENT} FROM event WHERE action = ? ORDER BY id",
            (action,),
        )
        return [event_from(row) for row in rows]

    def size_of(self, action: bytes) -> int:
        """How many events an action has."""
        return int(
            self._store.database.value("SELECT count(*) FROM event WHERE action = ?", (action,))
        )

    def actions(self, image: int, vocabulary: str) -> list[Action]:
        """What the person who works did in this project, oldest first."""
        rows = self._store.database.query(
            f"SELECT {ACTION} FROM action WHERE who = ? AND image = ? AND vocabulary = ? "
            "AND made_in = ? ORDER BY time, id",
            (self._store.who, image, vocabulary, self._store.identity),
        )
        return [action_from(row) for row in rows]

    def vocabularies(self, image: int) -> tuple[str, ...]:
        """Vocabularies in which something was said of an image's cells."""
        rows = self._store.database.query(
            "SELECT DISTINCT vocabulary FROM action WHERE image = ? AND vocabulary <> '' "
            "ORDER BY vocabulary",
            (image,),
        )
        return tuple(name for (name,) in rows)

    def annotators(self) -> tuple[str, ...]:
        """Everybody who has said anything."""
        rows = self._store.database.query("SELECT DISTINCT who FROM event ORDER BY who")
        return tuple(name for (name,) in rows)


def add_actions(changes: Transaction, actions: Iterable[Action]) -> None:
    """Add actions that are not there yet."""
    changes.run_many(
        f"INSERT OR IGNORE INTO action ({ACTION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (a.id, a.kind, a.undoes, a.who, a.time, a.image, a.vocabulary, a.made_in, a.about)
            for a in actions
        ),
    )


def _add_events(changes: Transaction, rows: Iterable[tuple[Any, ...]]) -> int:
    return changes.run_many(
        f"INSERT OR IGNORE INTO event ({EVENT}) VALUES ({', '.join('?' * 15)})", rows
    )


def _flat(word: Word) -> tuple[str, str, str]:
    return word.kind, word.phase, word.note


def ids_of(n: int) -> list[bytes]:
    """UUIDs in ascending order: the events of an action stay in the order of its words."""
    return sorted(new_id() for _ in range(n))


def event_from(row: Sequence[Any]) -> Event:
    """Make an event from a row of :data:`EVENT`."""
    action, identity, who, time, segmentation, frame, label, vocabulary, *words, source = row
    return Event(
        id=identity,
        action=action,
        who=who,
        time=time,
        segmentation=segmentation,
        frame=frame,
        label=label,
        vocabulary=vocabulary,
        old=Word(*words[:3]),
        new=Word(*words[3:]),
        source=source,
    )


def action_from(row: Sequence[Any]) -> Action:
    """Make an action from a row of :data:`ACTION`."""
    identity, kind, undoes, who, time, image, vocabulary, made_in, about = row
    return Action(identity, kind, who, time, image, vocabulary, made_in, about, undoes)
