"""`python -m lookalike.flows.vectorize run --config config.yml`: a configuration as a flow.

The steps are those of `lookalike run`, remembered in the same place. Those before the first
`index` come first; that one is a task for each shard; then the shards become the library, and all
that is left is run. Artifacts are paths and counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.cli.output import say
from lookalike.cli.steps import read_configuration
from lookalike.errors import LookalikeError, MissingExtraError
from lookalike.flow.memory import Memory
from lookalike.flow.plan import check_files
from lookalike.flow.run import run_steps
from lookalike.flow.sharding import can_be_sharded, first_index, sharded_indexes

try:
    from metaflow import FlowSpec, Parameter, step
except ImportError as error:
    raise SystemExit(str(MissingExtraError("A flow", "metaflow"))) from error

if TYPE_CHECKING:
    from lookalike.flow.step import Step

WENT_WELL = {"done", "rejects", "skipped"}


class Vectorize(FlowSpec):  # type: ignore[misc]
    """A configuration of steps; the images of its `index` step are embedded by many tasks."""

    config = Parameter("config", required=True, help="The YAML file that lookalike run takes.")
    shards = Parameter("shards", type=int, default=2, help="Tasks for the index step.")

    @step
    def start(self) -> None:
        """Check the configuration, and run what comes before the images."""
        steps = _steps(self.config)
        check_files(steps)
        place = first_index(steps)
        _run(self.config, steps, steps[: place or 0])
        work: list[tuple[int, int] | None] = [None]
        if can_be_sharded(steps, _memory(self.config)):
            sources = range(len(sharded_indexes(Path(self.config), steps, self.shards)))
            numbers = range(1, self.shards + 1)
            work = [(source, number) for source in sources for number in numbers]
        self.work = work
        self.next(self.embed, foreach="work")

    @step
    def embed(self) -> None:
        """Embed the images of one shard of one source."""
        self.shard = None
        if self.input is not None:
            source, number = self.input
            indexes = sharded_indexes(Path(self.config), _steps(self.config), self.shards)
            self.shard = indexes[source].write(number)
        self.next(self.merge)

    @step
    def merge(self, inputs: Any) -> None:
        """Make the shards a library."""
        self.shard_files = [one.shard for one in inputs if one.shard is not None]
        if self.shard_files:
            for index in sharded_indexes(Path(self.config), _steps(self.config), self.shards):
                index.merge()
        self.next(self.rest)

    @step
    def rest(self) -> None:
        """Run all that is left; the images are unchanged by now."""
        steps = _steps(self.config)
        self.states = _run(self.config, steps, steps)
        self.files = [path for one in steps for path in one.writes]
        self.next(self.end)

    @step
    def end(self) -> None:
        """Say what became of each step."""
        for name, state in self.states.items():
            say(f"{name}: {state}")


def _steps(config: str) -> list[Step]:
    return read_configuration(Path(config))[0]


def _memory(config: str) -> Memory:
    return Memory(Path(config).absolute())


def _run(config: str, steps: list[Step], chosen: list[Step]) -> dict[str, str]:
    """Run some of the steps; the state of each by name. Raises what made one fail."""
    results = run_steps(
        steps,
        chosen,
        _memory(config),
        force=False,
        hear=lambda one, why: say(f"Step {one.name} ({one.command}): {why}."),
    )
    for result in results:
        if result.step in chosen and result.state not in WENT_WELL:
            raise result.error or LookalikeError(f"Step {result.step.name}: {result.state}.")
    return {result.step.name: result.state for result in results}


if __name__ == "__main__":
    Vectorize()
