"""What a sample foretells of a whole run, in words; and how that came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lookalike.cli.output import count, print_json, print_table, say, size
from lookalike.cli.progress import progress_bar

if TYPE_CHECKING:
    from lookalike.embed.report import Report
    from lookalike.evaluate.intervals import Estimate
    from lookalike.library.library import Library
    from lookalike.sources import Source


def try_source(
    source: Source, sample: int, model: str | None, seed: int, k: int, *, json: bool
) -> None:
    """Run everything on a sample and print what the whole is predicted to be."""
    from lookalike.library.forecasting import forecast

    with progress_bar() as advance:
        told = forecast(source, sample, model=model, seed=seed, k=k, on_progress=advance)
    if json:
        print_json(told.as_dict())
        return
    say(
        f"{count(told.sampled, 'image')} of {told.offered:,} tried with {told.model}, seed "
        f"{told.seed}. Nothing was kept of them."
    )
    rows = [
        ("seconds", *_cells(told.seconds, "{:.0f}")),
        ("database", *(size(round(value)) for value in _ends(told.size))),
        ("rejected", *_cells(told.rejected, "{:.0f}")),
    ]
    if told.precision is not None:
        rows.append((f"label precision@{told.k}", *_cells(told.precision, "{:.3f}")))
    print_table(("of the whole run", "predicted", "from", "to"), rows)
    say("How it comes out is said when all of it has been indexed.")


def say_how_it_came(opened: Library, report: Report) -> None:
    """Say what was predicted for a run that is done, if something was."""
    came = opened.came_true(report)
    if came is None:
        return
    told = came.forecast
    parts = [
        f"{came.seconds:.0f} s for {told.seconds.value:.0f} ({_error(came.seconds, told.seconds)})",
        f"{size(came.size)} for {size(round(told.size.value))} ({_error(came.size, told.size)})",
        f"{came.rejected:,} rejected for {told.rejected.value:.0f} "
        f"({told.rejected.low:.0f} to {told.rejected.high:.0f})",
    ]
    if came.precision is not None and told.precision is not None:
        parts.append(
            f"precision@{told.k} {came.precision:.3f} for {told.precision.value:.3f} "
            f"({told.precision.value - came.precision:+.3f})"
        )
    say(f"As predicted from a sample of {told.sampled:,}: {', '.join(parts)}")


def _error(came: float, told: Estimate) -> str:
    return f"{(told.value - came) / came:+.0%}" if came else "no error"


def _ends(one: Estimate) -> tuple[float, float, float]:
    return (one.value, one.low, one.high)


def _cells(one: Estimate, form: str) -> tuple[str, ...]:
    return tuple(form.format(value) for value in _ends(one))
