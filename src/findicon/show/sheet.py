"""Answers as HTML: cards for a notebook, and a contact sheet in one file that needs nothing else."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO
from typing import TextIO

from ..icons import Icon
from ..query import Level, Match
from .card import card_of
from .level import level_of

_STYLE = """
.findicon{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:12px;
font:13px/1.4 system-ui,sans-serif;color:#e6e8eb;background:#16181c;padding:12px;border-radius:6px}
.findicon figure{margin:0;background:#22252b;border-radius:6px;overflow:hidden;break-inside:avoid}
.findicon .picture{height:190px;background:#000;display:flex;align-items:center;justify-content:center;color:#8b929c;
text-align:center}
.findicon img{width:100%;height:100%;object-fit:contain;image-rendering:auto}
.findicon figcaption{padding:8px 10px;overflow-wrap:anywhere}
.findicon b{display:block;font-size:14px}.findicon span{display:block}
.findicon p{grid-column:1/-1;margin:0}
.findicon small{display:block;color:#8b929c;font-size:10px}
@media print{.findicon{color:#000;background:none}.findicon figure{background:none;border:1px solid #999}}
"""
_PAGE_STYLE = """
html{background:#16181c}body{max-width:1600px;margin:24px auto;padding:0 12px}
h1{color:#e6e8eb;font:600 18px system-ui,sans-serif}@media print{html{background:none}h1{color:#000}}
"""


def cards_html(matches: Iterable[Match], *, wanted: Sequence[str] = (), remarks: Iterable[str] = ()) -> str:
    """Give answers as a grid of cards with their pictures, and remarks below: a piece of HTML for a notebook."""
    cards = "\n".join(_card(match, None, wanted) for match in matches)
    said = "\n".join(f"<p>{escape(remark)}</p>" for remark in remarks)
    return f'<style>{_STYLE}</style>\n<div class="findicon">\n{cards}\n{said}\n</div>'


def write_html(
    matches: Iterable[Match], stream: TextIO, *, title: str, level: Level | None = None, wanted: Sequence[str] = ()
) -> None:
    """Write answers as a contact sheet: one HTML file with the pictures in it, that loads nothing from anywhere."""
    stream.write(f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>\n')
    stream.write('<meta name="viewport" content="width=device-width,initial-scale=1">\n')
    stream.write(f"<style>{_PAGE_STYLE}{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n")
    stream.write('<div class="findicon">\n')
    stream.writelines(_card(match, level, wanted) + "\n" for match in matches)
    stream.write("</div></body></html>\n")


def _card(match: Match, level: Level | None, wanted: Sequence[str]) -> str:
    card = card_of(match.dataset, level or level_of(match.dataset), wanted)
    lines = [f"<b>{escape(card.title)}</b>", *(f"<span>{escape(fact)}</span>" for fact in card.facts)]
    lines += [f"<span>{escape(keyword)}: {escape(value)}</span>" for keyword, value in card.extra]
    if card.uid:
        lines.append(f"<small>{escape(card.uid)}</small>")
    return f'<figure><div class="picture">{_picture(match)}</div><figcaption>{"".join(lines)}</figcaption></figure>'


def _picture(match: Match) -> str:
    if match.icon is None:
        return escape(f"no usable picture: {match.icon_problem}" if match.icon_problem else "no picture")
    return picture_html(match.icon)


def picture_html(icon: Icon | None) -> str:
    """Give a picture as HTML with its data inside, for the cells of a data frame; nothing for None."""
    if icon is None:
        return ""
    data = base64.b64encode(png_of(icon)).decode("ascii")
    return f'<img alt="" src="data:image/png;base64,{data}">'


def png_of(icon: Icon) -> bytes:
    """Give a picture as a PNG file's bytes."""
    buffer = BytesIO()
    icon.to_image().save(buffer, "PNG")
    return buffer.getvalue()
