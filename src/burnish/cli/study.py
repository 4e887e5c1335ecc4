"""`burnish study`: a blind user study on this machine: new, serve, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.errors import OptionError
from burnish.files import write_text

EPILOG = (
    "Example: burnish study new s original=in nrl=out, then burnish study serve s, "
    "then burnish study report s."
)


def command(
    what: Annotated[str, typer.Argument(help="new, serve or report.")],
    folder: Annotated[Path, typer.Argument(help="The study's folder.")],
    methods: Annotated[
        list[str] | None,
        typer.Argument(help="new: NAME=FOLDER for each method, photos of equal names."),
    ] = None,
    title: Annotated[str, typer.Option(help="new: what raters read above.")] = "Picture quality",
    names: Annotated[
        Path | None, typer.Option(help="new: file with the pictures to show, a name a line.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="new: draw so many of the pictures.")] = None,
    seed: Annotated[int, typer.Option(help="new: decides draws and orders.")] = 0,
    host: Annotated[
        str, typer.Option(help="serve: 0.0.0.0 lets raters of the local network in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="serve: port; 0 takes a free one.")] = 8765,
    csv: Annotated[Path | None, typer.Option(help="report: every answer, as CSV.")] = None,
    plot: Annotated[Path | None, typer.Option(help="report: the table as a picture, SVG.")] = None,
    paper: Annotated[
        bool, typer.Option("--paper", help="report: print paper A's Table 5 below.")
    ] = False,
) -> None:
    """Show pictures blind and shuffled, collect scores from 1 to 5, and report them."""
    if what == "new":
        new(folder, methods or [], title, names, count, seed)
    elif what == "serve":
        serve(folder, host, port)
    elif what == "report":
        report(folder, csv, plot, paper)
    else:
        raise OptionError(f"There is no 'burnish study {what}'; choose new, serve or report.")


def new(
    folder: Path, methods: list[str], title: str, names: Path | None, count: int | None, seed: int
) -> None:
    """Make a study."""
    from burnish.cli.lists import folders, lines_of
    from burnish.study.make import create

    if not methods:
        raise OptionError("A study needs its methods: burnish study new STUDY NAME=FOLDER ...")
    wanted = [line.strip() for line in lines_of(names)] if names else None
    shown = create(folder, folders(methods, "study new"), title, wanted, count, seed)
    print(f"{shown} pictures to score in {folder}. Start with: burnish study serve {folder}")


def serve(folder: Path, host: str, port: int) -> None:
    """Serve the page until Ctrl-C."""
    from burnish.study.server import make_server
    from burnish.study.store import Store

    with make_server(Store(folder), host, port) as server:
        print(
            f"The study is at http://{host}:{server.server_address[1]}/ (Ctrl-C ends it; every "
            "answer is kept at once).",
            flush=True,
        )
        server.serve_forever()


def report(folder: Path, csv: Path | None, plot: Path | None, paper: bool) -> None:
    """Print the table, write the files."""
    from burnish.study import report as reports
    from burnish.study.store import Store

    answers = Store(folder).answers()
    found = reports.report(answers)
    if csv:
        write_text(csv, reports.to_csv(answers))
    if plot:
        write_text(plot, reports.plot(found))
    print(reports.table(found))
    if paper:
        from burnish.bench.published import PUBLISHED

        said = (
            "Paper A, Table 5: 29 raters, 100 pictures (VOC2012-LQ100); mean opinion score, 1 to 5."
        )
        print("\n" + reports.published_table(said, PUBLISHED["a5"]["VOC2012-LQ100"]))
