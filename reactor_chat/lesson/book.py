"""The chapters in their order."""

from typing import Final

from reactor_chat.lesson.chapters import (
    broken_backlog,
    broken_blocking,
    broken_close,
    broken_interest,
    broken_limit,
    broken_sending,
    ending,
    one_message,
    room,
    sleeping,
    slow_reader,
    stream,
    thousand,
    three_clients,
)
from reactor_chat.lesson.tour import Chapter

CHAPTERS: Final = [
    Chapter(module.TITLE, module.play)
    for module in (
        one_message,
        three_clients,
        stream,
        room,
        slow_reader,
        sleeping,
        ending,
        thousand,
        broken_blocking,
        broken_interest,
        broken_sending,
        broken_limit,
        broken_close,
        broken_backlog,
    )
]
