"""`lookalike duplicates`: near-duplicates, a plan of what may go, applied and undone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import steps_bar
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.explore.plan import Plan
    from lookalike.library.duplicating import Duplicates


def duplicates(
    library: LibraryOption = None,
    level: Annotated[
        str, typer.Option(help="How far to look: bytes, pixels, picture or scene.")
    ] = "picture",
    space: Annotated[
        str | None, typer.Option(help="The space that proposes pairs. Default: the library's own.")
    ] = None,
    across: Annotated[
        str | None,
        typer.Option(help="Only pairs that differ in this column, or in: label, source, folder."),
    ] = None,
    keep: Annotated[
        str, typer.Option(help="Which of a group stays: best, first, largest or newest.")
    ] = "best",
    protect: Annotated[
        list[str] | None, typer.Option(help="Ids or paths that always stay, as 'masters/*'.")
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="Write what would stay and go, as .csv or .json.", callback=writable),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page of the groups.", callback=writable)
    ] = None,
    apply: Annotated[
        Path | None, typer.Option(help="Move what this plan lets go into the quarantine.")
    ] = None,
    quarantine: Annotated[
        Path | None, typer.Option(help="Where to. Default: .lookalike-quarantine, by the library.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Bring the last moved files back.")] = False,
    decide: Annotated[
        str | None,
        typer.Option(help="Remember that all images named by --of are: not-duplicates, keep-both."),
    ] = None,
    of: Annotated[list[str] | None, typer.Option(help="An id; repeat it.")] = None,
    json: JsonOption = False,
) -> None:
    """Find near-duplicates; write, apply or undo a plan. No file is ever deleted."""
    import lookalike
    from lookalike.explore.plan import write_plan

    if sum((apply is not None, undo, decide is not None)) > 1:
        raise UsageError("Give one of --apply, --undo and --decide.")
    with lookalike.open(library, create=False) as opened, steps_bar() as advance:
        if apply is not None or undo:
            if apply is not None:
                moved = opened.apply_duplicates(apply, quarantine=quarantine, on_step=advance)
            else:
                moved = opened.undo_duplicates(on_step=advance)
            _print_moved(moved.files, str(moved.folder), back=undo, json=json)
            return
        if decide is not None:
            pairs = opened.decide_duplicates(decide, of or [])
            if json:
                print_json({"decided": pairs})
            else:
                print_line(f"{count(pairs, 'pair')} will not be asked about again.")
            return
        if plan is not None and plan.suffix.lower() not in {".csv", ".json"}:
            raise UsageError(f"A plan is written as .csv or .json, not as {plan.name!r}.")
        with stop_on_interrupt() as stop:
            found = opened.duplicates(
                level, space=space, across=across, keep=across is None, on_step=advance, stop=stop
            )
            if stop():
                say("Interrupted. What was compared is kept; run the same command to go on.")
                raise typer.Exit(130)
        made = found.plan(keep, protect or [])
        if plan is not None:
            write_plan(made, plan)
        if html is not None:
            html.write_text(found.html(made), encoding="utf-8")
    _print(found, made, json=json)
    for path in (plan, html):
        if path is not None:
            say(f"Written: {path}")


def _print(found: Duplicates, made: Plan, *, json: bool) -> None:
    if json:
        entries = [
            {"group": one.group, "id": one.id, "action": one.action, "reason": one.reason}
            for one in made.entries
        ]
        print_json(found.as_dict() | {"plan": entries})
        return
    rows = [(one.group, one.action, one.id, one.reason) for one in made.entries]
    print_table(("group", "action", "id", "reason"), rows)
    say(
        f"{count(len(found.groups), 'group')}: {len(made.moves):,} of "
        f"{count(len(made.entries), 'image')} may go. Nothing was moved."
    )
    if found.decided:
        say(f"{count(found.decided, 'pair')} left out, as decided before.")
    for id_ in found.found.unreadable[:10]:
        say(f"  {id_}: its file could not be read, so it was not compared")


def _print_moved(files: int, folder: str, *, back: bool, json: bool) -> None:
    if json:
        print_json({"files": files, "folder": folder, "undone": back})
    elif back:
        print_line(f"{count(files, 'file')} brought back from {folder}")
    else:
        print_line(f"{count(files, 'file')} moved to {folder}")
        say("Bring them back with: lookalike duplicates --undo")
