"""Blocking calls in daemon threads: one that never returns must not hold the program's exit."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_EXPECTED = (OSError, ValueError, ImportError)


async def run_in_thread(call: Callable[[], T]) -> T:
    """Run a blocking call in a daemon thread of its own.

    Raises the OSError, ValueError or ImportError it raises, and RuntimeError for anything else.
    A cancelled wait leaves the thread to itself, its result unused.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def post(deliver: Callable[[], None]) -> None:
        def deliver_if_waiting() -> None:
            if not future.done():
                deliver()

        # The loop may be gone by the time a dead server answers.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(deliver_if_waiting)

    def work() -> None:
        failure: Exception = RuntimeError("the background call broke")
        try:
            result = call()
            post(lambda: future.set_result(result))
            return
        except _EXPECTED as error:
            failure = error
        finally:
            # After a result this comes second and finds the future done.
            post(lambda: future.set_exception(failure))

    threading.Thread(target=work, name="auditreach-background", daemon=True).start()
    return await future
