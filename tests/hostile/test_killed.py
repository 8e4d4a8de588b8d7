"""One run, killed as it writes, and continued; `make kill-test` does it at hundreds of moments."""

import pytest

from killing import Moment, check_after_kill, contents, make_album, named_shared_files


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    return make_album(tmp_path_factory.mktemp("killed"))


def test_a_killed_run_lost_nothing_it_reported_and_goes_on_to_the_same_end(album, tmp_path):
    shared = named_shared_files()
    reported, over = album.run_and_kill(tmp_path, Moment(lines=1, seconds=0))

    assert not over
    assert 0 < len(reported) < 150
    check_after_kill(tmp_path, reported)
    report = album.finish(tmp_path)
    assert report["unchanged"] >= len([1 for outcome, _ in reported if outcome != "rejected"])
    assert contents(tmp_path) == album.expected
    assert named_shared_files() <= shared
