"""What `index` and `merge` say of a run when it is over, and how they end."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from lookalike.cli.output import count, print_line, say
from lookalike.embed.report import Report
from lookalike.types import REASONS

SHOWN_REJECTS = 10


def summarize(report: Report) -> None:
    """The outcomes on one line of data; notes and reasons as talk."""
    print_line(
        f"{count(report.offered, 'image')} offered: {report.embedded:,} embedded, "
        f"{report.unchanged:,} unchanged, {report.duplicate:,} duplicate content, "
        f"{report.rejected:,} rejected"
        + (f"; {report.pruned:,} pruned" if report.pruned else "")
        + f", in {report.seconds:.1f} s"
    )
    say(f"Library: {report.library}")
    if report.vanished and not report.pruned:
        say(f"{count(len(report.vanished), 'image')} would be pruned:")
        for id_ in report.vanished:
            print_line(id_)
    for note in report.notes:
        say(f"Note: {note}")
    for reason, times in report.reasons.most_common():
        say(f"Rejected, {reason} ({REASONS.get(reason, reason)}): {times:,}")
    for reject in report.rejects[:SHOWN_REJECTS]:
        say(f"  {reject.id}: {reject.reason}{': ' + reject.detail if reject.detail else ''}")
    if report.rejected > SHOWN_REJECTS:
        say(f"  ... and {report.rejected - SHOWN_REJECTS:,} more: lookalike rejects")
    if 0 < report.offered == report.reasons["missing"]:
        _say_where_files_are_looked_for(report.source)


def _say_where_files_are_looked_for(source: str) -> None:
    from lookalike.sources.table_formats import table_format

    if table_format(source) is not None:
        say(
            "Not one of the files is there. Paths in a table start in the table's folder; what "
            "they lack is written around a column: --path-template 'images/{image}.jpg'."
        )


def finish(reports: Sequence[Report]) -> None:
    """End with 130 where a run was interrupted, with 3 where one rejected images."""
    if any(report.interrupted for report in reports):
        say("Interrupted. All that was stored is safe; run the same command to go on.")
        raise typer.Exit(130)
    if any(report.rejected for report in reports):
        raise typer.Exit(3)
