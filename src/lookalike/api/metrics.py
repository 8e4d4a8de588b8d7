"""What is counted while serving, for Prometheus."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from lookalike.api.lanes import Lane, Lanes
from lookalike.api.together import Together
from lookalike.library.library import Library


class Metrics:
    """Requests, their time, batches of images, what waits, and how much the library holds."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "lookalike_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "lookalike_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ("route",),
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
            registry=self._registry,
        )
        self._batches = Histogram(
            "lookalike_image_batch",
            "Images of questions that were embedded together.",
            buckets=(1, 2, 4, 8, 16, 32),
            registry=self._registry,
        )
        self.rejected = Counter(
            "lookalike_images_rejected",
            "Images of requests that could not be used, by reason.",
            ("reason",),
            registry=self._registry,
        )
        self._waiting = Gauge(
            "lookalike_under_way",
            "Jobs that are being done or wait, by library and lane.",
            ("library", "lane"),
            registry=self._registry,
        )
        self._images = Gauge(
            "lookalike_images", "Images in a library.", ("library",), registry=self._registry
        )
        self._recall = Gauge(
            "lookalike_index_recall",
            "Recall of the approximate index as it was measured; 1 where there is none.",
            ("library",),
            registry=self._registry,
        )

    def batch(self, images: int) -> None:
        """Count a batch."""
        self._batches.observe(images)

    def watch(self, name: str, lanes: Lanes, library: Library) -> None:
        """Ask the lanes and the library of that name when the counts are looked at."""
        for lane in lanes.all:
            self._waiting.labels(name, lane.name).set_function(partial(_under_way, lane))
        self._images.labels(name).set_function(lambda: len(library))
        self._recall.labels(name).set_function(partial(_recall, library))

    def text(self) -> bytes:
        """All counts, as Prometheus reads them."""
        return generate_latest(self._registry)


def _recall(library: Library) -> float:
    report = library.index_report()
    return 1.0 if report is None else float(report.measured["recall"])


def _under_way(lane: Lane | Together) -> float:
    return lane.under_way
