"""Long work of a service: begun, watched, stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

from lookalike.client.answers import Job
from lookalike.client.base import Base
from lookalike.client.items import image_file
from lookalike.client.problems import error_of
from lookalike.client.reading import read
from lookalike.client.transport import Request, get, send_form, send_json
from lookalike.errors import LookalikeError


class Working(Base):
    """Long work of a service."""

    def jobs(self) -> list[Job]:
        """The jobs that are remembered, the newest first."""
        return [read(Job, one) for one in self._json(get(self._v1("/jobs")))["jobs"]]

    def job(self, id_: str) -> Job:
        """How far a job is. Raises `UnknownIdError`."""
        return read(Job, self._json(get(self._v1(f"/jobs/{id_}"))))

    def stop(self, id_: str) -> Job:
        """Stop a job at its next step; what it stored stays."""
        return read(Job, self._json(Request("DELETE", self._v1(f"/jobs/{id_}"))))

    def events(self, id_: str) -> Iterator[Job]:
        """The job whenever it went on, until it has ended."""
        for line in self._transport.lines(get(self._v1(f"/jobs/{id_}/events"))):
            if line.startswith(b"data:"):
                yield read(Job, json.loads(line.removeprefix(b"data:")))

    def finished(self, job: Job) -> Job:
        """Wait for a job. Raises what it failed with, and `LookalikeError` if it was stopped."""
        while not job.has_ended:
            for now in self.events(job.id):
                job = now
        if job.state == "cancelled":
            raise LookalikeError(f"The job {job.kind} was stopped.")
        if job.problem is not None:
            status = int(job.problem.get("status", 500))
            raise error_of(status, {}, json.dumps(job.problem).encode())
        return job

    def add_urls(self, images: Iterable[str | Mapping[str, Any]]) -> Job:
        """Add images of the web: URLs, or mappings of `url`, `id`, `label`, `meta`."""
        every = [{"url": one} if isinstance(one, str) else dict(one) for one in images]
        return self._begun("add", {"images": every})

    def add_files(
        self, images: Sequence[str | PathLike[str] | bytes], *, label: str | None = None
    ) -> Job:
        """Add image files; each gets an id made of its bytes."""
        files = [image_file(one) for one in images]
        request = send_form(self._v1("/jobs/images"), files, {"label": label})
        return read(Job, self._json(request))

    def lay_out_map(
        self, space: str | None = None, *, method: str | None = None, refresh: bool = False
    ) -> Job:
        """Lay out the map of a space, or put in what is new."""
        return self._begun("map", {"space": space, "method": method, "refresh": refresh})

    def find_clusters(
        self,
        space: str | None = None,
        *,
        method: str | None = None,
        k: int | None = None,
        refresh: bool = False,
    ) -> Job:
        """Find clusters, or let new images join them."""
        asked = {"space": space, "method": method, "k": k, "refresh": refresh}
        return self._begun("clusters", asked)

    def find_duplicates(
        self, level: str = "picture", *, space: str | None = None, across: str | None = None
    ) -> Job:
        """Find near-duplicates up to a level."""
        return self._begun("duplicates", {"level": level, "space": space, "across": across})

    def build_index(self, space: str | None = None, *, engine: str | None = None) -> Job:
        """Bring the index of a space up to date, or build one."""
        return self._begun("index", {"space": space, "engine": engine})

    def _begun(self, kind: str, asked: Mapping[str, Any]) -> Job:
        said = {name: value for name, value in asked.items() if value is not None}
        return read(Job, self._json(send_json("POST", self._v1("/jobs"), {"kind": kind, **said})))
