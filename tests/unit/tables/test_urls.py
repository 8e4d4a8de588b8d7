"""Near-identical URLs share a key, others do not; what cannot be asked for is told."""

import pytest

from lookalike.tables.urls import url_key, url_problem

HOME = "https://shop.example/photos/red%20hat.jpg?w=300&v=2"


@pytest.mark.parametrize(
    "same",
    [
        "http://shop.example/photos/red%20hat.jpg?w=300&v=2",
        "HTTPS://Shop.Example:443/photos/red%20hat.jpg?w=300&v=2#top",
        "http://shop.example:80/photos/red hat.jpg?w=300&v=2",
        "https://shop.example./photos/r%65d%20hat%2Ejpg?w=300&utm_source=a&v=2&gclid=9",
        "https://shop.example/x/../photos/./red%20hat.jpg/?w=300&v=2",
        "https://shop.example/../photos/red%20hat.jpg?w=300&v=2",
    ],
)
def test_urls_that_differ_in_form_alone(same):
    assert url_key(same) == url_key(HOME)


@pytest.mark.parametrize(
    "other",
    [
        "https://shop.example/photos/red%20hat.jpg?w=600&v=2",
        "https://shop.example/photos/red%20hat.jpg?v=2&w=300",
        "https://shop.example/Photos/red%20hat.jpg?w=300&v=2",
        "https://shop.example:8443/photos/red%20hat.jpg?w=300&v=2",
        "http://shop.example:443/photos/red%20hat.jpg?w=300&v=2",
        "https://www.shop.example/photos/red%20hat.jpg?w=300&v=2",
        "https://shop.example/photos/red%2Fhat.jpg?w=300&v=2",
        "https://shop.example/photos/red%20hat.jpg",
    ],
)
def test_urls_that_may_lead_elsewhere(other):
    assert url_key(other) != url_key(HOME)


def test_names_and_signs_of_any_alphabet_have_one_spelling():
    assert url_key("https://bücher.example/é.jpg") == url_key(
        "http://XN--bcher-kva.example/%c3%a9.jpg"
    )
    assert url_key("https://a.example/hat.jpg") == url_key("http://a.example/hat.jpg/?fbclid=1")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("javascript:alert(1)", "not http or https"),
        ("data:image/png;base64,AAAA", "not http or https"),
        ("file:///etc/passwd", "not http or https"),
        ("hat.jpg", "not http or https"),
        ("https:///hat.jpg", "it names no host"),
        ("https://a.example:hat/", "Port could not be cast"),
        ("https://[::1/hat.jpg", "Invalid IPv6"),
        ("https://a.example/red hat.jpg", "a space in it"),
        ("HTTPS://a.example/hat.jpg?x=1", ""),
    ],
)
def test_what_cannot_be_asked_for(url, problem):
    found = url_problem(url)
    assert found.startswith(problem)
    assert bool(found) == bool(problem)
