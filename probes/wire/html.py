"""The title of a web page, out of the beginning of its bytes (HTML 4.2.2). Pure."""

from __future__ import annotations

import html
import re

from probes.wire.text import printable

PAGE_MOST = 32 * 1024
"""Bytes of a page that are looked through; a title stands before them."""
TITLE_MOST = 120

_TITLE = re.compile(rb"<title(?:\s[^>]{0,200})?>([^<]{1,2000})", re.IGNORECASE)
_CHARSET = re.compile(r'charset="?(iso-8859-1|latin1|windows-1252)\b', re.IGNORECASE)


def is_html(content_type: str) -> bool:
    """Whether a Content-Type field speaks of a page; one that is missing may."""
    return not content_type or "html" in content_type.lower()


def title(page: bytes, content_type: str = "") -> str:
    """The text of the first title, one harmless line; empty without one.

    Read as UTF-8, or as Windows-1252 where the Content-Type field says so or its subset.
    """
    found = _TITLE.search(page[:PAGE_MOST])
    if found is None:
        return ""
    charset = "windows-1252" if _CHARSET.search(content_type) else "utf-8"
    return printable(html.unescape(found[1].decode(charset, "replace")), TITLE_MOST)
