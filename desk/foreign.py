"""Vietnamese on an English page is marked as such (WCAG 2.2, 3.1.2), so that a screen reader says names and titles rightly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, nodes
from markupsafe import Markup

from config.words import in_english

VIETNAMESE = re.compile("[À-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]")
"""A letter that English has not."""
_BARE = re.compile(r"<(/?)(title|option|textarea|script|style)\b")
"""Elements within which there is no markup."""
_PLAIN = frozenset({"title", "body_class"})
"""Blocks that stand in a title or in an attribute, in whichever template they are written."""


def foreign(value: Any) -> Any:
    """What is printed: marked when it has Vietnamese letters; English words, numbers and markup stay as they are."""
    value = in_english(value)
    if not isinstance(value, str) or isinstance(value, Markup) or not VIETNAMESE.search(value):
        return value
    return Markup('<bdi lang="vi">{}</bdi>').format(value)


def mark_foreign(template: nodes.Template, environment: Environment) -> None:
    """Put `foreign` around every expression that is printed between tags; both sides of `~` by themselves."""

    def marked(one: nodes.Expr) -> nodes.Expr:
        if isinstance(one, nodes.Concat):
            one.nodes = [marked(each) for each in one.nodes]
            return one
        return nodes.Filter(one, "foreign", [], [], None, None, lineno=one.lineno, environment=environment)

    for output, at in _between_tags(template):
        output.nodes[at] = marked(output.nodes[at])


def _between_tags(template: nodes.Template) -> Iterator[tuple[nodes.Output, int]]:
    """Where an expression is printed as a text of its own, in the order of the source."""
    blocks = [block for block in template.find_all(nodes.Block) if block.name in _PLAIN]
    plain = {id(output) for block in blocks for output in block.find_all(nodes.Output)}
    in_tag = bare = False
    for output in list(template.find_all(nodes.Output)):
        for at, node in enumerate(output.nodes):
            if not isinstance(node, nodes.TemplateData):
                if not (in_tag or bare or id(output) in plain):
                    yield output, at
                continue
            if (last := max(node.data.rfind("<"), node.data.rfind(">"))) >= 0:
                in_tag = node.data[last] == "<"
            for found in _BARE.finditer(node.data):
                bare = not found[1]
