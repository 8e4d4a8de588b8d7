"""`lookalike serve`: the library over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.fetching import fetch_policy
from lookalike.cli.options import (
    AllowHostOption,
    AllowPrivateOption,
    DeviceOption,
    LibraryOption,
    PrecisionOption,
    RuntimeOption,
)
from lookalike.cli.output import say


def serve(
    libraries: Annotated[
        list[Path] | None,
        typer.Argument(help="Libraries, or their folders. Default: the one that is found."),
    ] = None,
    library: LibraryOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    api_key: Annotated[
        list[str] | None,
        typer.Option(
            help="A key that clients send: SECRET, or read:SECRET, which may not write. "
            "Better set as LOOKALIKE_SERVE_API_KEY than typed."
        ),
    ] = None,
    host_name: Annotated[
        list[str] | None, typer.Option(help="A name by which clients call this service.")
    ] = None,
    max_mb: Annotated[int, typer.Option(min=1, max=500, help="Megabytes of a request.")] = 20,
    rate: Annotated[
        int, typer.Option(min=0, help="Requests a minute of one key or address; 0: any number.")
    ] = 0,
    engine: Annotated[
        str | None,
        typer.Option(help="Ask this server instead, where the default space was published."),
    ] = None,
    allow_host: AllowHostOption = None,
    allow_private: AllowPrivateOption = False,
    runtime: RuntimeOption = "auto",
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
) -> None:
    """Answer over HTTP: search, images, map, clusters, duplicates, jobs. Ctrl-C stops it.

    Listens on this machine alone unless --host says otherwise, which takes a key. Of several
    libraries each answers below /v1/libraries/NAME, and the first below /v1 too.
    """
    from contextlib import ExitStack

    import lookalike
    from lookalike.api.advice import unindexed
    from lookalike.api.app import create_app
    from lookalike.api.heaps import share_heaps
    from lookalike.api.keys import parse_key
    from lookalike.api.metrics import Metrics
    from lookalike.api.server import bound, run_server
    from lookalike.api.service import Service
    from lookalike.api.settings import ServeSettings
    from lookalike.api.shelf import names_of
    from lookalike.errors import UsageError
    from lookalike.images.limits import Limits
    from lookalike.library.locate import library_directory
    from lookalike.web import page

    share_heaps()
    settings = ServeSettings(
        host=host,
        port=port,
        keys=tuple(map(parse_key, api_key or [])),
        names=tuple(host_name or []),
        body=max_mb * 10**6,
        rate=rate,
        engine=engine,
    )
    metrics = Metrics()
    chosen: Sequence[Path | None] = libraries or [library]
    if engine is not None and len(chosen) > 1:
        raise UsageError("An --engine holds the space of one library: serve that one alone.")
    named = names_of(library_directory(one, create=False) for one in chosen)
    with bound(settings) as socket, ExitStack() as stack:
        services = []
        for name, directory in named.items():
            opened = lookalike.open(
                directory,
                create=False,
                runtime=runtime,
                precision=precision,
                device=device,
                fetch=fetch_policy(allow_host, allow_private=allow_private),
                limits=Limits(pixels=settings.pixels, size=settings.body),
                askers=settings.askers,
                on_batch=metrics.batch,
            )
            services.append(Service(name, stack.enter_context(opened), settings, metrics))
        images = sum(len(service.library) for service in services)
        what = "" if len(services) == 1 else f" of {len(services)} libraries"
        address = socket.getsockname()
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        say(f"Serving {images:,} images{what} on http://{shown}:{address[1]}. Ctrl-C stops it.")
        for service in services:
            elsewhere = None if engine is None else service.library.space.name
            for sentence in unindexed(service.library, elsewhere):
                say(sentence if len(services) == 1 else f"{service.name}: {sentence}")
        app = create_app(services)
        app.include_router(page.router)
        run_server(app, socket)
    say("Stopped.")
