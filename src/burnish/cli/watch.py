"""`burnish watch`: a folder whose photos are enhanced as they come."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from burnish.batch.manifest import Manifest, home
from burnish.batch.plan import refuse_read_only
from burnish.batch.resume import Memory
from burnish.batch.search import may_hold_originals
from burnish.batch.steps import Steps
from burnish.batch.watch import Patience, Watcher, watch
from burnish.cli.batch_flags import (
    Format,
    Json,
    LockTo,
    Metadata,
    Name,
    Quality,
    RetryFailed,
    some_path,
)
from burnish.cli.enhance import enhancer, recipe_of
from burnish.cli.flags import with_flags
from burnish.cli.progress import JsonLines, Lines
from burnish.engine.chosen import chosen
from burnish.engine.options import EnhanceOptions

EPILOG = "Ctrl-C or a termination signal ends it with exit code 0; started again, it goes on."


@with_flags(EnhanceOptions)
def command(
    folder: Annotated[
        Path, typer.Argument(parser=some_path, metavar="IN", help="The folder to watch.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            *("-o", "--output"), parser=some_path, metavar="PATH", help="Folder for the results."
        ),
    ],
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace results whose photo or options have changed."),
    ] = False,
    metadata: Metadata = "keep",
    format: Format = None,
    quality: Quality = None,
    name: Name = None,
    lock_to: LockTo = None,
    retry_failed: RetryFailed = False,
    poll: Annotated[float, typer.Option(help="Seconds between two looks at the folder.")] = 1.0,
    settle: Annotated[
        float, typer.Option(help="Seconds for which a file must stay the same to be taken.")
    ] = 2.0,
    json: Json = False,
    **choices: Any,
) -> int:
    """Enhance photos as they are put into a folder, until it is stopped."""
    show = JsonLines() if json else Lines()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        options = EnhanceOptions(**choices)
        steps = Steps(metadata, quality, overwrite)
        patience = Patience(poll, settle, max(60.0, settle))
        watcher = Watcher(folder, output, format, name, patience, show.event, lock_to)
        refuse_read_only(output)
        models = chosen(options)
        steps = replace(steps, scale=models.model.card.scale)
        show.uses(models)
        recipe = recipe_of(options, models.model, steps, lock_to)
        enhance = enhancer(options, lock_to)
        with Manifest(home(output)) as manifest:
            among = may_hold_originals(output, [folder])
            memory = Memory(manifest, output, recipe, retry_failed, among_photos=among)
            steps = replace(steps, memory=memory, scratch=memory.begin())
            print(f"Watching {folder}; results go to {output}.", file=sys.stderr, flush=True)
            watch(watcher, enhance, steps)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        raise
    except Exception as error:
        show.refused(error)
        raise
    return 0
