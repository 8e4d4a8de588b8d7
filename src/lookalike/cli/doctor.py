"""`lookalike doctor`: is everything well with the library, the models and the environment?"""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import count, print_json, print_table, say
from lookalike.errors import LibraryError, LibraryNotFoundError


def doctor(
    library: LibraryOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Take out or make anew what is damaged.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check database, vectors, caches, model files and environment; exit 1 if all is not well."""
    import lookalike
    from lookalike.library.health import Check, check_environment

    checks = check_environment()
    repaired = False
    try:
        with lookalike.open(library, create=False) as opened:
            findings = opened.check()
            if repair and any(finding.repairable for finding in findings):
                opened.repair()
                repaired, findings = True, opened.check()
            checks.append(Check("library", not findings, str(opened.directory)))
            checks += [Check(finding.kind, False, finding.message) for finding in findings]
            can_repair = any(finding.repairable for finding in findings)
    except LibraryNotFoundError as error:
        can_repair = False
        checks.append(Check("library", library is None, str(error)))
    except LibraryError as error:
        can_repair = False
        checks.append(Check("library", False, str(error)))
    ill = [check for check in checks if not check.well]
    if json:
        print_json(
            {
                "well": not ill,
                "repaired": repaired,
                "checks": [
                    {"name": check.name, "well": check.well, "found": check.found}
                    for check in checks
                ],
            }
        )
    else:
        rows = [("ok" if check.well else "BAD", check.name, check.found) for check in checks]
        print_table(("state", "what", "found"), rows)
    if repaired:
        say("Repaired. Index again to make anew what was taken out.")
    if ill:
        say(f"{count(len(ill), 'thing')} not well.")
        if can_repair and not repair:
            say("Put right what can be with: lookalike doctor --repair")
        raise typer.Exit(1)
