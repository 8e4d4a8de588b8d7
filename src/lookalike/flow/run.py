"""Runs the steps that have to run, one by one, and remembers what succeeded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lookalike.errors import LookalikeError
from lookalike.flow.library_marks import marks_of_library
from lookalike.flow.memory import Memory, Success
from lookalike.flow.plan import inputs_of, outputs_of, why_run
from lookalike.flow.step import Step

State = Literal["done", "rejects", "skipped", "failed", "interrupted", "not reached"]
INTERRUPTED = 130
REJECTS = 3


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step; `why` it was run or skipped, `error` why it failed."""

    step: Step
    state: State
    why: str = ""
    seconds: float = 0.0
    code: int = 0
    error: LookalikeError | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "step": self.step.name,
            "command": self.step.command,
            "state": self.state,
            "why": self.why,
            "seconds": round(self.seconds, 3),
            "code": self.code,
            "error": None if self.error is None else str(self.error),
        }


def run_steps(
    steps: Sequence[Step],
    chosen: Sequence[Step],
    memory: Memory,
    *,
    force: bool,
    hear: Callable[[Step, str], None],
) -> list[StepResult]:
    """Run those of the chosen steps whose inputs changed since they last succeeded.

    `hear` is told of each step before it is run, and why. The first that fails or is
    interrupted is the last. Errors other than `LookalikeError` pass through.
    """
    results: list[StepResult] = []
    for place, step in enumerate(steps):
        if step not in chosen:
            results.append(StepResult(step, "skipped", "not chosen"))
        elif results and results[-1].state in {"failed", "interrupted", "not reached"}:
            results.append(StepResult(step, "not reached"))
        else:
            results.append(_one(step, steps[:place], memory, force=force, hear=hear))
    return results


def _one(
    step: Step,
    before: Sequence[Step],
    memory: Memory,
    *,
    force: bool,
    hear: Callable[[Step, str], None],
) -> StepResult:
    started = time.monotonic()
    why = ""
    try:
        why = "--force" if force else why_run(step, before, memory) or ""
        if not why:
            return StepResult(step, "skipped", "nothing changed")
        hear(step, why)
        inputs = inputs_of(step, before, memory)
        again = memory.get(step.name) is not None
        memory.forget(step.name)
        for written in step.writes:
            Path(written).absolute().parent.mkdir(parents=True, exist_ok=True)
        code = step.perform({**step.options, **(step.kind.again if again else {})})
        seconds = time.monotonic() - started
        if code == INTERRUPTED:
            return StepResult(step, "interrupted", why, seconds, code)
        if code not in {0, REJECTS}:
            return StepResult(step, "failed", why, seconds, code)
        inputs |= marks_of_library(step)
        outputs = outputs_of(step)
        memory.keep(step.name, Success(dict(step.options), inputs, outputs, seconds, code))
    except LookalikeError as error:
        return StepResult(step, "failed", why, time.monotonic() - started, 1, error)
    except KeyboardInterrupt:
        return StepResult(step, "interrupted", why, time.monotonic() - started, INTERRUPTED)
    return StepResult(step, "rejects" if code else "done", why, seconds, code)
