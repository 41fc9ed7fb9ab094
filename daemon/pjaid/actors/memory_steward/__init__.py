"""Owns the memory steward: what is remembered through it, and the care for what is remembered.

remembering  what clients ask of it
sanitiser    what should not lie about in a memory, by the persona's policy; sensitive, check_digits find it
hashing      which memories are equal
tiering      moves memories to where tiers says that they belong; rounds says whose
compressing  contents that are seldom read; dictionaries, with which they are
cleaning     what expires, is purged, archived or hangs loose
storage_check  how much is stored, and of whom; warning_rules what there is to warn of
sharing      long work that is done once for all who wait for it
progress     how far all this is; steward_settings how it is to be
"""

from __future__ import annotations

from pjai.actor import Actor, Permissions
from pjaid.actors.memory_steward import remembering
from pjaid.actors.memory_steward.cleaning import LOOK_S, Cleaning
from pjaid.actors.memory_steward.compressing import COMPRESS_INTERVAL_S, Compressing
from pjaid.actors.memory_steward.progress import Progress
from pjaid.actors.memory_steward.storage_check import CHECK_S, StorageCheck
from pjaid.actors.memory_steward.tiering import ROUND_S, Tiering

memory = Actor(
    "memory",
    may=Permissions(
        methods=("query", "count", "commit", "storage"),
        events=(
            "v1.MemoryEntityCreated",
            "v1.MemoryEntityAccessed",
            "v1.MemoryEntityLinked",
            "v1.MemoryEntityDeleted",
            "v1.MemoryPinned",
            "v1.MemoryUnpinned",
            "v1.MemoriesTiered",
            "v1.MemoriesPacked",
            "v1.MemoriesLeftPlain",
            "v1.DictionaryTrained",
            "v1.MemoriesExpired",
            "v1.MemoriesPurged",
            "v1.MemoryEntityUnlinked",
            "v1.ConversationArchived",
            "v1.WarningRaised",
            "v1.WarningCleared",
        ),
    ),
)

memory.serves(remembering.remember)
memory.serves(remembering.remember_all)
memory.serves(remembering.touch)
memory.serves(remembering.connect)
memory.serves(remembering.pin)
memory.serves(remembering.unpin)
memory.serves(remembering.forget)

progress = Progress()
memory.serves(progress.status)

storage = StorageCheck()
memory.every(CHECK_S)(storage.check)

tiering = Tiering(progress, storage.take_grown)
memory.serves_long(tiering.tend)
memory.every(ROUND_S)(tiering.round)

memory.every(COMPRESS_INTERVAL_S)(Compressing(progress).run)

cleaning = Cleaning(progress)
memory.serves_long(cleaning.clean)
memory.every(LOOK_S)(cleaning.when_due)
