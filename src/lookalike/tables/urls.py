"""What URLs have in common that lead to the same image: a key for near-identical ones.

Follows the normalisations of RFC 3986, section 6.2, and leaves out what only counts visits.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

TRACKING = re.compile(
    r"(utm_\w+|gclid|gbraid|wbraid|dclid|fbclid|msclkid|yclid|twclid|ttclid|igshid|igsh"
    r"|mc_cid|mc_eid|_ga|_gl|_hsenc|_hsmi|mkt_tok|vero_id|oly_anon_id|oly_enc_id|s_cid)",
    re.IGNORECASE,
)
DEFAULT_PORTS = {"http": "80", "https": "443"}
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
PLAIN = re.compile(r"https?://([a-z0-9-]+\.)+[a-z]{2,}/[A-Za-z0-9/_.-]*[A-Za-z0-9_-]")
"""Most URLs of images: nothing in them but the scheme has to be looked at."""
DOTS = re.compile(r"/\.{1,2}(/|$)")


def url_problem(url: str) -> str:
    """Why no image can be asked for at this URL; "" where that can be tried."""
    if PLAIN.fullmatch(url):
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme.lower() not in DEFAULT_PORTS:
        return "not http or https"
    if not host:
        return "it names no host"
    if re.search(r"\s", url):
        return "a space in it"
    return ""


def url_key(url: str) -> str:
    """The same text for URLs that differ in nothing but form.

    Form is the scheme (http or https), upper and lower case of the host, a default port, a
    final slash, the fragment, `.` and `..` in the path, parameters that count visits, and which
    harmless characters are percent-encoded. The order of other parameters is kept.
    """
    if PLAIN.fullmatch(url) and "/." not in url:
        return url.partition("://")[2]
    parts = urlsplit(url)
    try:
        host = (parts.hostname or "").encode("idna").decode().rstrip(".")
    except UnicodeError:
        host = parts.hostname or ""
    port = str(parts.port) if parts.port is not None else ""
    if port and port != DEFAULT_PORTS.get(parts.scheme.lower()):
        host += f":{port}"
    path = _escaped(_without_dots(parts.path)).rstrip("/")
    kept = [
        one
        for one in parts.query.split("&")
        if one and not TRACKING.fullmatch(one.partition("=")[0])
    ]
    return host + path + ("?" + _escaped("&".join(kept)) if kept else "")


def _without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4."""
    if not DOTS.search(path):
        return path
    out: list[str] = []
    for part in path.split("/"):
        if part == "..":
            out = out[:-1] if len(out) > 1 else out
        elif part != ".":
            out.append(part)
    return "/".join(out)


def _escaped(text: str) -> str:
    """One spelling of what is percent-encoded: not what needs it not, the rest in upper case."""
    if text.isascii() and "%" not in text and " " not in text:
        return text
    spelled = "".join(
        character
        if character.isascii() and character not in ' "<>\\^`{|}'
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
        for character in text
    )
    return ESCAPE.sub(_unescaped, spelled)


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in UNRESERVED else found[0].upper()
