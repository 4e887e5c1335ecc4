"""`burnish enhance`: photos in, better photos out."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from glob import glob
from pathlib import Path
from typing import Annotated, Any

import typer

from burnish.batch.cluster import RayOptions
from burnish.batch.events import Event, Report
from burnish.batch.files import digest
from burnish.batch.manifest import Manifest, home
from burnish.batch.plan import Job, plan
from burnish.batch.recipe import Recipe, recipe_for
from burnish.batch.report import check_report, write_report
from burnish.batch.resume import Memory, wants_memory
from burnish.batch.run import Enhance, rehearse, run
from burnish.batch.search import but_results, may_hold_originals, refuse_special
from burnish.batch.series import alike, look_id, look_of, look_of_series
from burnish.batch.steps import Steps
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
from burnish.cli.flags import with_flags
from burnish.cli.on_ray import enhance_on_ray, wants_ray
from burnish.cli.progress import Lines, sentence, view
from burnish.engine.backend import check_device
from burnish.engine.chosen import chosen
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import Model
from burnish.engine.options import EnhanceOptions
from burnish.errors import BurnishError, InputError, OptionError
from burnish.files import is_there
from burnish.image.read import probe, read

EPILOG = """\b
Exit codes:
  0    every photo was enhanced, now or in an earlier run
  1    some were not: each reason is printed
  2    an option makes no sense
  3    no input can be read as a photo
  4    the results cannot be written there, or other files are in their place
  5    the model is damaged
  6    an optional part is not installed
  130  interrupted: what is written is whole; the same command does the rest
"""


@with_flags(RayOptions)
@with_flags(EnhanceOptions)
def command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            parser=some_path,
            metavar="PATHS",
            help="Photos, and folders to search with their sub-folders.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            *("-o", "--output"),
            parser=some_path,
            metavar="PATH",
            help="Folder for the results, or a file name if one photo goes in.",
        ),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that exist (never an original).")
    ] = False,
    metadata: Metadata = "keep",
    format: Format = None,
    quality: Quality = None,
    name: Name = None,
    lock_to: LockTo = None,
    series: Annotated[
        bool, typer.Option("--series", help="Give all photos one look, that of their mean.")
    ] = False,
    retry_failed: RetryFailed = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            parser=some_path, metavar="FILE", help="Write a report: FILE.json and FILE.txt."
        ),
    ] = None,
    json: Json = False,
    **choices: Any,
) -> int:
    """Make photos better: tone, colour and light. Originals are never touched."""
    show = Lines() if dry_run and not json else view(json)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left behind
    try:
        on_ray = RayOptions(**{f.name: choices.pop(f.name) for f in fields(RayOptions)})
        options = EnhanceOptions(**choices)
        steps = Steps(metadata, quality, overwrite)
        if report:
            check_report(report)
        if wants_ray(paths, output, on_ray):
            if lock_to or series:
                raise OptionError("--lock-to and --series are not for batches on Ray.")
            result = enhance_on_ray(
                paths,
                output,
                options,
                on_ray,
                show,
                format=format,
                name=name,
                steps=steps,
                retry_failed=retry_failed,
                dry_run=dry_run,
            )
            return finish(result, output, show, report)
        check_device(options.backend, options.device)
        inputs = but_results(expanded(paths), output)
        locked = [lock_to] if lock_to else []
        jobs = plan(inputs, output, format=format, name=name, originals=locked)
        if lock_to and series:
            raise OptionError("Choose one of --lock-to and --series.")
        models = chosen(options)
        steps = replace(steps, scale=models.model.card.scale)
        show.uses(models)
        recipe = recipe_of(options, models.model, steps, lock_to)
        with ExitStack() as stack:
            memory, among = None, may_hold_originals(output, inputs)
            if wants_memory(inputs, output):
                manifest = stack.enter_context(Manifest(home(output), rehearsal=dry_run))
                memory = Memory(manifest, output, recipe, retry_failed, among_photos=among)
            if series:
                recipe = recipe.in_series(look_id(jobs, memory))
            if memory:
                memory = replace(memory, recipe=recipe)
                scratch = None if dry_run else memory.begin()
                steps = replace(steps, memory=memory, scratch=scratch)
            else:
                steps = replace(steps, among_photos=among)
            stack.enter_context(show)
            show.begin(jobs)
            if dry_run:
                result = rehearse(jobs, steps, show.event)
            else:

                def load() -> Enhance:
                    members = jobs if series else ()
                    return enhancer(options, lock_to, members, memory, show.event)

                result = run(jobs, load, steps, on_event=show.event)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        show.interrupted(output)
        raise
    except Exception as error:
        show.refused(error)
        raise
    return finish(result, output, show, report)


def finish(result: Report, output: Path, show: Lines, report: Path | None) -> int:
    """Say what became of it."""
    if report:
        try:
            write_report(result, report, sentence(result, output))
        except BurnishError as error:
            show.summary(result, output, error.exit_code)
            raise
    show.summary(result, output)
    return result.exit_code


def expanded(paths: list[Path]) -> list[Path]:
    """Patterns like *.jpg as the files they match: Windows leaves that to the program."""
    found: list[Path] = []
    for path in paths:
        if is_there(path) or not set("*?[") & set(str(path)):
            found.append(path)
        elif matches := sorted(glob(str(path))):  # noqa: PTH207 (may be absolute)
            found += map(Path, matches)
        else:
            raise InputError(f"Nothing matches {path}.")
    return found


def recipe_of(options: EnhanceOptions, model: Model, steps: Steps, lock_to: Path | None) -> Recipe:
    """What is done with each photo; ``lock_to`` names the one whose look all get."""
    recipe = recipe_for(options, model, metadata=steps.metadata, quality=steps.quality)
    if lock_to is None:
        return recipe
    refuse_special(lock_to)
    probe(lock_to)
    return recipe.in_series(digest(lock_to))


def enhancer(
    options: EnhanceOptions,
    lock_to: Path | None,
    members: Sequence[Job] = (),
    memory: Memory | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Enhance:
    """What enhances: each photo by itself, or all like one photo or like the members' mean."""
    enhance = Enhancer(options)
    if lock_to:
        return alike(enhance, look_of(read(lock_to), enhance))
    if members:
        return alike(enhance, look_of_series(members, enhance, memory, on_event))
    return enhance
