"""`lookalike run`: the named steps of one configuration, those that have something to do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.options import JsonOption
from lookalike.cli.output import count, print_json, print_table, say
from lookalike.cli.steps import read_configuration
from lookalike.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from lookalike.flow.memory import Memory
    from lookalike.flow.old import Modern
    from lookalike.flow.run import StepResult
    from lookalike.flow.step import Step

IN_WORDS = {"rejects": "done, some rejected"}


def run(
    config: Annotated[
        Path, typer.Argument(help="A YAML file with `steps:`, or an old config.yml.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Only print which steps would run, and why.")
    ] = False,
    only: Annotated[str | None, typer.Option(help="Only this step.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="This step and those behind it.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run steps even where nothing changed.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Run the steps of a configuration that changed, or whose inputs did, since they succeeded.

    A step is a command with its options. Run again, it goes on where it stopped, and skips what
    is up to date. What succeeded is remembered in a hidden file beside CONFIG.
    """
    from lookalike.flow.memory import Memory
    from lookalike.flow.plan import check_files
    from lookalike.flow.run import run_steps

    if only is not None and from_ is not None:
        raise UsageError("Give --only or --from, not both.")
    started = time.monotonic()
    steps, modern = read_configuration(config)
    chosen = _chosen(steps, only, from_)
    check_files(chosen if only or from_ else steps)
    memory = Memory(config.absolute())
    if modern is not None and not json:
        _say_modern(config, modern)
    if check:
        _print_plan(steps, chosen, memory, modern, force=force, json=json)
        return
    results = run_steps(
        steps,
        chosen,
        memory,
        force=force,
        hear=lambda step, why: say(f"Step {step.name} ({step.command}): {why}."),
    )
    if json:
        print_json([result.as_dict() for result in results])
    else:
        _print(results, time.monotonic() - started)
    _finish(config, results)


def _chosen(steps: Sequence[Step], only: str | None, from_: str | None) -> list[Step]:
    names = [step.name for step in steps]
    for name in (only, from_):
        if name is not None and name not in names:
            raise UnknownNameError("step", name, names)
    if only is not None:
        return [steps[names.index(only)]]
    return list(steps[names.index(from_) :] if from_ is not None else steps)


def _say_modern(config: Path, modern: Modern) -> None:
    say(f"{config} is an old configuration. Today it is written so:")
    say("")
    for line in modern.text().splitlines():
        say(f"  {line}")
    say("")
    for note in modern.notes:
        say(f"Note: {note}")


def _print_plan(
    steps: Sequence[Step],
    chosen: Sequence[Step],
    memory: Memory,
    modern: Modern | None,
    *,
    force: bool,
    json: bool,
) -> None:
    from lookalike.flow.plan import plan

    words = {True: "run", False: "skip", None: "perhaps"}
    planned = plan(steps, chosen, memory, force=force)
    if json:
        rows = [
            {"step": p.step.name, "command": p.step.command, "plan": words[p.runs], "why": p.why}
            for p in planned
        ]
        configuration = None if modern is None else modern.settings
        notes = [] if modern is None else modern.notes
        print_json({"steps": rows, "configuration": configuration, "notes": notes})
        return
    print_table(
        ("step", "command", "plan", "why"),
        [(p.step.name, p.step.command, words[p.runs], p.why) for p in planned],
    )


def _print(results: Sequence[StepResult], seconds: float) -> None:
    print_table(
        ("step", "command", "what", "seconds", "why"),
        [
            (
                one.step.name,
                one.step.command,
                IN_WORDS.get(one.state, one.state),
                f"{one.seconds:.1f}" if one.why and one.state != "skipped" else "",
                one.why,
            )
            for one in results
        ],
    )
    if all(one.state == "skipped" for one in results):
        up = sum(one.why != "not chosen" for one in results)
        say(f"Nothing to do: {count(up, 'step')} up to date, in {seconds:.1f} s.")


def _finish(config: Path, results: Sequence[StepResult]) -> None:
    """Say how to go on after a break, and end with the exit code."""
    from lookalike.cli.output import printable

    last = next((one for one in results if one.state in {"failed", "interrupted"}), None)
    if last is not None and last.state == "interrupted":
        say(
            f"Interrupted in step {last.step.name}. What was done is kept; go on with: "
            f"lookalike run {printable(str(config))}"
        )
        raise typer.Exit(130)
    if last is not None:
        say(f"Step {last.step.name} failed ({last.step.place}).")
        if last.error is not None:
            raise last.error
        raise typer.Exit(last.code)
    if any(one.state == "rejects" for one in results):
        raise typer.Exit(3)
