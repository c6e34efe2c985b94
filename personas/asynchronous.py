"""`generate` for programs that run an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from persona_kit.cancellation import Cancellation
from persona_kit.progress import Progress
from personas.models.governor import Governor
from personas.options import GenerateOptions
from personas.pipeline import RunResult, generate


async def generate_async(
    sources: Sequence[str],
    options: GenerateOptions,
    *,
    progress: Progress | None = None,
    governor: Governor | None = None,
) -> RunResult:
    """`personas.generate` in a thread of its own, so that the event loop goes on.

    A task that is cancelled cancels the run: it ends within seconds, the workspace is free again, and what was computed
    is kept for the next run.

    Args:
        sources: files and folders.
        options: everything else.
        progress: told from the run's thread.
        governor: limits and budget shared with other runs.

    Raises:
        PersonaKitError: as `generate` does.
        asyncio.CancelledError: when the task was cancelled.
    """
    cancellation = Cancellation()

    def work() -> RunResult | None:
        try:
            return generate(sources, options, progress=progress, governor=governor, cancellation=cancellation)
        except KeyboardInterrupt:
            # Raised inside an event loop, it would end the loop; the task ends with CancelledError instead.
            return None

    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        result = await asyncio.shield(running)
    except asyncio.CancelledError:
        cancellation.cancel()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at, so that asyncio does not complain of it
        raise
    if result is None:
        raise asyncio.CancelledError
    return result
