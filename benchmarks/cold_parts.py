"""The parts of one cold search in a process of its own: python -m benchmarks.cold_parts.

Takes a library, an image file and a runtime; prints seconds by part as JSON.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS: dict[str, float] = {}


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Add what happens inside to the list of parts."""
    start = time.perf_counter()
    yield
    SECONDS[part] = time.perf_counter() - start


def main(folder: str, file: str, runtime: str) -> None:
    """Do what `lookalike search` does, step by step."""
    with timed("import the command line"):
        import lookalike.cli.main
        import lookalike.cli.search
        import lookalike.library.opening
    with timed("open the library"):
        library = lookalike.open(folder, create=False, runtime=runtime)
    with timed("open the network"):
        from lookalike.embed.resources import Resources
        from lookalike.embed.way import find_way

        way = find_way(str(library.space.recipe["model"]), normalised=True)
        embedder = Resources(runtime).embedder(way, many=False)
    with timed("read, decode and embed the file"):
        from lookalike.images.decode import decode
        from lookalike.images.preprocess import to_input
        from lookalike.images.read import read_bytes
        from lookalike.types import File

        spec = embedder.preprocessing
        picture = decode(read_bytes(File(file)), shorter_side=spec.decode_side)
        vector = embedder.embed(to_input(picture.rgb, spec))
    with timed("search, with opening the matrix"):
        hits = library.search(vector, 10)
    with timed("print"):
        from lookalike.cli.output import print_table

        print_table(("id", "similarity"), [(hit.id, hit.similarity) for hit in hits])
    with timed("close"):
        embedder.close()
        library.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
    print(json.dumps(SECONDS))
