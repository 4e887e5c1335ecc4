"""What a client may choose, as query parameters: derived from the dataclass of options.

An option shows up here by itself if it is a choice of words, a number or a yes/no. Free text never
does, so that no client can name a path; ``model`` becomes a choice among the models offered, and
``look`` the id of a look that the service knows. What belongs to the machine and not to the photo
is set by whoever starts the service.
"""

import difflib
import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from fastapi import Query, Request

from burnish.engine.models import find
from burnish.engine.models import offered as on_offer
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError
from burnish.server.looks import Looks
from burnish.server.refusals import Refused

OPERATORS = frozenset({"precision", "backend", "device", "threads", "tile"})
"""Options of whoever starts the service."""
BY_MODEL = frozenset({"task", "scale"})
"""Options that a client settles by naming a model."""
MODEL_HELP = "Model by name (GET /v1/models lists them)."
LOOK_HELP = (
    "Look by id (GET /v1/looks lists them), instead of the model that retouches; none for no look."
)
LOOK_ID = r"^[A-Za-z0-9_-]{1,64}$"


def offered(options: EnhanceOptions) -> dict[str, str]:
    """Models that a client may name -> what `find` knows them by, the service's own first.

    Those in the wheel, with the pair that enhances and enlarges, and the one that the service was
    started with if that is a folder.
    """
    own = {find(options.model).card.name: options.model}
    return own | {name: name for name in on_offer() if name not in own}


async def refuse_form(request: Request) -> None:
    """A dependency of routes that take a file: `curl -F` wraps it."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise Refused("Send the file itself as the body (curl --data-binary @FILE), not a form.")


async def refuse_unknown(request: Request) -> None:
    """A dependency of every route: a slip in a parameter's name is told, not passed over, and so
    is a second value for one that takes a single one.
    """
    operation = request.app.openapi()["paths"][request.scope["route"].path][request.method.lower()]
    known = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    names = [one["name"] for one in known]
    lists = [one["name"] for one in known if one["schema"].get("type") == "array"]
    for name in request.query_params:
        if name in names and name not in lists and len(request.query_params.getlist(name)) > 1:
            raise OptionError(f"The parameter '{name}' is given more than once.")
        if name not in names:
            if name in BY_MODEL:
                raise OptionError(
                    f"There is no parameter '{name}' here: a model that enlarges does it, see "
                    "GET /v1/models."
                )
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else "/openapi.json lists what there is."
            raise OptionError(f"There is no parameter '{name[:60]}' here: {hint}")


def plain(kind: Any) -> bool:
    """Whether every value of this type is a word from a list, a number, or yes or no."""
    if get_origin(kind) is Literal:
        return True
    if get_origin(kind) in (Union, types.UnionType):
        return all(part is type(None) or plain(part) for part in get_args(kind))
    return kind in (bool, int, float)


def chooser(
    base: EnhanceOptions, models: Mapping[str, str], looks: Looks
) -> Callable[..., EnhanceOptions]:
    """A FastAPI dependency: query parameters -> options, what is left out taken from ``base``."""
    hints = get_type_hints(EnhanceOptions)
    parameters = []
    for field in fields(EnhanceOptions):
        kind, default, text = hints[field.name], getattr(base, field.name), field.metadata["help"]
        if field.name == "model":
            kind, text = Literal[tuple(models)], MODEL_HELP
            default = next(name for name, known in models.items() if known == base.model)
        elif field.name == "look":
            kind, default, text = str, looks.default, LOOK_HELP
        elif field.name in OPERATORS | BY_MODEL or not plain(kind):
            continue
        bounds: Any = {"ge": field.metadata.get("least"), "le": field.metadata.get("most")}
        if kind is float:
            bounds["allow_inf_nan"] = False
        if kind is str:
            bounds["pattern"] = LOOK_ID
        query = Query(description=text, **bounds)
        parameters.append(
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=default,
                annotation=Annotated[kind, query],
            )
        )

    def choose(**chosen: Any) -> EnhanceOptions:
        chosen["model"] = looks.model_for(chosen["look"], models[chosen["model"]])
        chosen["look"] = looks.path(chosen["look"])
        return replace(base, task="enhance", scale=0, **chosen)

    changed: Any = choose
    changed.__signature__ = inspect.Signature(parameters)
    return choose
