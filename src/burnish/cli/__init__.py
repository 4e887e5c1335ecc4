"""The `burnish` command: a literal table of verbs, each in its own module, loaded when it runs.

A verb's module has ``command``, a function for typer that returns an exit code or None, and may
have ``EPILOG``. A new verb needs its module and a line in `VERBS`. A verb with several parts is a
package with ``PARTS``, of which each is such a module.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

from burnish.errors import INTERRUPTED, BurnishError, OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERBS = {
    "enhance": "Make photos better: files or folders in, a folder out.",
    "watch": "Enhance photos as they are put into a folder.",
    "compare": "Put photos before and after side by side on one sheet.",
    "learn": "Learn a personal look from photos before and after.",
    "look": "Show a look, export it as a 3-D table, or blend two.",
    "models": "List the models that can be used.",
    "doctor": "Say what runs on this machine, and how fast.",
    "eval": "Score results against targets, beside what plain tools get.",
    "bench": "Measure speed and memory here, or make a paper's table.",
    "data": "Check a folder of pairs, or take its lambda.",
    "weights": "Add a feature extractor's weights for the perceptual loss.",
    "study": "Let people score pictures blind, and report what they said.",
    "train": "Train a network by a recipe, or pack it for another machine.",
    "serve": "Open a page for photos in the browser, and serve the HTTP API.",
    "export": "Turn trained weights into a model folder for enhance.",
}


def main() -> None:
    """Run the command line of this process, and leave the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names may hold what is no text
    try:
        code = run(sys.argv[1:])
        if sys.stdout:  # None where it was closed before we began
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone: so do we, without a word
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; errors become one sentence on stderr."""
    debug = bool(os.environ.get("BURNISH_DEBUG"))
    try:
        return dispatch(list(arguments))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        if debug:
            import traceback

            traceback.print_exc()
        sentence, code = told(error)
        from burnish.files import printable  # Ctrl-C is answered before anything else is loaded

        lines = map(printable, sentence.split("\n"))  # torch tells what does not fit in several
        print("burnish:", "\n".join(lines), file=sys.stderr)
        return code


def told(error: Exception) -> tuple[str, int]:
    """(sentence, exit code) for whatever ends a command."""
    if isinstance(error, BurnishError):
        return str(error), error.exit_code
    first = next(iter(str(error).splitlines()), "")
    unexpected = f"unexpected {type(error).__name__}: {first}"
    return f"{unexpected} (BURNISH_DEBUG=1 shows where; please report it).", BurnishError.exit_code


def dispatch(arguments: list[str]) -> int:
    """Find the verb; paths and options without one are for `enhance`."""
    match arguments:
        case [] | ["-h" | "--help"]:
            print(overview())
            return 0
        case ["-V" | "--version"]:
            from burnish import __version__

            print(f"burnish {__version__}")
            return 0
        case [verb, *rest] if verb in VERBS:
            return run_verb(verb, rest)
    refuse_misspelt(arguments[0])
    return run_verb("enhance", arguments)


def overview() -> str:
    """What `burnish --help` prints."""
    verbs = "\n".join(f"  {verb:<9} {text}" for verb, text in VERBS.items())
    return (
        "Usage: burnish PATHS... -o OUT          short for: burnish enhance PATHS... -o OUT\n"
        "       burnish VERB ...                 a folder named like a verb needs ./ before it\n\n"
        "Makes photos better on a plain CPU.\n\n"
        f"Verbs:\n{verbs}\n\n"
        "burnish VERB --help lists a verb's options; burnish --version prints the version."
    )


def refuse_misspelt(word: str) -> None:
    """A first word that is no path but nearly a verb is a slip of the keyboard."""
    import difflib

    near = difflib.get_close_matches(word, VERBS, n=1, cutoff=0.7)
    if near and not os.path.lexists(word):
        raise OptionError(f"There is no verb or photo '{word}'; did you mean '{near[0]}'?")


def part_of(verb: str, parts: Mapping[str, str], arguments: list[str]) -> str | None:
    """The part of a verb that its first argument names; None where only help is wanted."""
    match arguments:
        case ["-h" | "--help", *_]:
            lines = "\n".join(f"  {part:<9} {text}" for part, text in parts.items())
            print(f"Usage: burnish {verb} PART ...\n\n{VERBS[verb]}\n\nParts:\n{lines}\n")
            print(f"burnish {verb} PART --help lists a part's options.")
            return None
        case [part, *_] if part in parts:
            return part
    wanted = f"There is no '{arguments[0]}'" if arguments else "It wants a part"
    raise OptionError(f"{wanted}; burnish {verb} takes {', '.join(parts)}.")


def run_verb(verb: str, arguments: list[str]) -> int:
    """Let typer parse the arguments of one verb, and map what it refuses."""
    from importlib import import_module

    import typer

    module = import_module(f"burnish.cli.{verb}")
    if hasattr(module, "PARTS"):
        part = part_of(verb, module.PARTS, arguments)
        if part is None:
            return 0
        module = import_module(f"burnish.cli.{verb}.{part}")
        verb, arguments = f"{verb} {part}", arguments[1:]
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(
        name=verb,
        epilog=getattr(module, "EPILOG", None),
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )(module.command)
    try:
        code = app(arguments, prog_name=f"burnish {verb}", standalone_mode=False)
    except typer.Abort:
        return INTERRUPTED
    except Exception as error:
        # What the parser refuses; the base of its errors is public in no version of typer.
        if not hasattr(error, "format_message"):
            raise
        sentence = error.format_message().rstrip(".")
        raise OptionError(f"{sentence}. See: burnish {verb} --help") from error
    return int(code or 0)
