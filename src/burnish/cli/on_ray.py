"""`burnish enhance --ray`: the same verb on a cluster, with URLs where folders stand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from burnish.batch import cluster, places
from burnish.batch.cluster import RayOptions
from burnish.batch.events import Report
from burnish.batch.ray_worker import Task
from burnish.batch.recipe import recipe_for
from burnish.batch.resume import Memory
from burnish.batch.run import rehearse
from burnish.batch.steps import Steps
from burnish.batch.url_plan import among_photos, open_manifest, plan_places
from burnish.cli.progress import Lines
from burnish.engine.chosen import chosen
from burnish.engine.models import anywhere
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError
from burnish.files import is_folder


def wants_ray(paths: Sequence[Path], output: Path, options: RayOptions) -> bool:
    """Whether this is a batch for Ray; URLs are read and written nowhere else."""
    far = [path for path in (*paths, output) if places.is_url(places.place(path))]
    if far and not options.ray:
        raise OptionError(f"{places.place(far[0])} is a URL: add --ray local, or a cluster.")
    return bool(options.ray)


def enhance_on_ray(
    paths: Sequence[Path],
    output: Path,
    options: EnhanceOptions,
    on_ray: RayOptions,
    show: Lines,
    *,
    format: str | None,
    name: str | None,
    steps: Steps,
    retry_failed: bool,
    dry_run: bool,
) -> Report:
    """Plan, open the manifest, and run; the same report as without Ray."""
    if len(paths) != 1:
        raise OptionError("A batch on Ray takes one folder or URL.")
    source, out = places.place(paths[0]), places.place(output)
    if not places.is_url(source) and not is_folder(source):
        raise OptionError(f"A batch on Ray takes one folder or URL; {source} is no folder.")
    if bool(on_ray.gpus) != (options.device == "cuda"):
        raise OptionError(
            "On Ray, --gpus and --device cuda go together: else a worker is given no card."
        )
    options = replace(options, threads=options.threads or 1)
    options = replace(options, model=anywhere(options.model))
    if options.look:
        options = replace(options, look=str(Path(options.look).absolute()))
    models = chosen(options)
    show.uses(models)
    recipe = recipe_for(options, models.model, metadata=steps.metadata, quality=steps.quality)
    plan = plan_places(source, out, format=format, name=name)
    with ExitStack() as stack:
        manifest = stack.enter_context(open_manifest(out, rehearsal=dry_run))
        memory = Memory(
            *(manifest, out, recipe, retry_failed, plan.stamp, plan.digest),
            among_photos=among_photos(source, out),
        )
        stack.enter_context(show)
        show.begin(plan.jobs)
        if dry_run:
            return rehearse(plan.jobs, replace(steps, memory=memory), show.event)
        scratch = None
        if places.is_url(out):
            manifest.add_recipe(recipe)
        else:
            scratch = memory.begin().absolute()
        task = Task(
            options,
            recipe.hash,
            steps.metadata,
            steps.quality,
            steps.overwrite,
            scratch,
        )
        return cluster.run(plan.jobs, task, memory, on_ray, on_event=show.event)
