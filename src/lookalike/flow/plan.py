"""Whether a step has to run, and why: its options, what it reads, what it made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.errors import UsageError
from lookalike.flow.file_marks import (
    GONE,
    mark_of_model,
    mark_of_output,
    mark_of_path,
    mark_of_source,
)
from lookalike.flow.library_marks import library_of, marks_of_library, seen
from lookalike.flow.memory import Memory, Success
from lookalike.flow.step import Step


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of a plan. `runs` None: only what runs before it will tell."""

    step: Step
    runs: bool | None
    why: str


def why_run(step: Step, before: Sequence[Step], memory: Memory) -> str | None:
    """The reason in words for which a step has to run now; None where nothing changed."""
    last = memory.get(step.name)
    if last is None:
        return "it has not succeeded yet"
    options = dict(step.options)
    changed = sorted(
        name.replace("_", "-")
        for name in {*options, *last.options}
        if options.get(name) != last.options.get(name)
    )
    if changed:
        return f"other settings: {', '.join(changed)}"
    inputs = inputs_of(step, before, memory)
    for name in {**inputs, **last.inputs}:
        if inputs.get(name) != last.inputs.get(name):
            return f"{name} {'is gone' if inputs.get(name) == GONE else 'changed'}"
    for name, mark in outputs_of(step).items():
        if mark == GONE:
            return f"{name} is gone"
        if mark != last.outputs.get(name):
            return f"{name} is not as it was written"
    return None


def inputs_of(step: Step, before: Sequence[Step], memory: Memory) -> dict[str, str]:
    """Marks of all that a step depends on, by a name for people."""
    marks = {}
    for read in step.reads:
        is_source = step.command == "index"
        marks[read] = mark_of_source(step, read) if is_source else mark_of_path(Path(read))
    spec = step.kind.model and step.text(step.kind.model)
    if spec:
        marks["the model"] = mark_of_model(spec)
    marks |= marks_of_library(step)
    for other in before:
        if other.name in step.after or _tells(other, step):
            marks[f"step {other.name}"] = _digest(memory.get(other.name))
    return marks


def outputs_of(step: Step) -> dict[str, str]:
    """Marks of the files that a step writes, by path."""
    return {text: mark_of_output(Path(text)) for text in step.writes}


def plan(
    steps: Sequence[Step], chosen: Sequence[Step], memory: Memory, *, force: bool
) -> list[Planned]:
    """What running the chosen steps would do, in their order; nothing is run."""
    found: list[Planned] = []
    for place, step in enumerate(steps):
        if step not in chosen:
            found.append(Planned(step, runs=False, why="not chosen"))
            continue
        why = "--force" if force else why_run(step, steps[:place], memory)
        waits = [one.step.name for one in found if one.runs is not False and feeds(one.step, step)]
        if why is not None:
            found.append(Planned(step, runs=True, why=why))
        elif waits:
            found.append(Planned(step, runs=None, why=f"if {waits[-1]} changes anything"))
        else:
            found.append(Planned(step, runs=False, why="nothing changed"))
    return found


def is_made_by(step: Step, path: str) -> bool:
    """Whether a path is what a step writes, or lies in it."""
    wanted = Path(path).absolute()
    made = [Path(text).absolute() for text in step.writes]
    return any(wanted == out or out in wanted.parents for out in made)


def check_files(steps: Sequence[Step]) -> None:
    """Refuse steps that read what is not there and what no step before them writes.

    Raises `UsageError` with the place, `SourceError` for a source of no known kind.
    """
    for place, step in enumerate(steps):
        for read in step.reads:
            if Path(read).exists() or any(is_made_by(one, read) for one in steps[:place]):
                continue
            late = next((one for one in steps[place:] if is_made_by(one, read)), None)
            hint = (
                f"Step {late.name!r} writes it, but runs later: put it first."
                if late
                else "Check the path; it is relative to the working folder."
            )
            raise UsageError(
                f"{step.place}: step `{step.name}` reads {read!r}. "
                f"There is no such file or folder. {hint}"
            )


def feeds(first: Step, second: Step) -> bool:
    """Whether what one step makes is read by another."""
    if first.name in second.after or _tells(first, second):
        return True
    if any(is_made_by(first, read) for read in second.reads):
        return True
    return first.kind.changes and bool(seen(second)) and library_of(first) == library_of(second)


def _tells(first: Step, second: Step) -> bool:
    """Whether one step writes columns of a library that another looks at."""
    return first.kind.tells and bool(seen(second)) and library_of(first) == library_of(second)


def _digest(success: Success | None) -> str:
    if success is None:
        return GONE
    known = json.dumps([success.options, success.inputs], sort_keys=True)
    return hashlib.blake2b(known.encode(), digest_size=16).hexdigest()
