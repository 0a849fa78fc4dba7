"""SOAP 1.1 envelopes, written and read safely: no document type, hence no entities to expand or to fetch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from config.lazy import lazily

if TYPE_CHECKING:
    from lxml import etree
else:
    etree = lazily("lxml.etree")

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def call_envelope(space: str, operation: str, fields: Mapping[str, str]) -> bytes:
    """A call of an operation of that name space. Raises ValueError for a control character, which XML cannot hold."""
    root = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soapenv": _SOAP, "impl": space})
    call = etree.SubElement(etree.SubElement(root, f"{{{_SOAP}}}Body"), f"{{{space}}}{operation}")
    for name, value in fields.items():
        etree.SubElement(call, name).text = value
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def opened(body: bytes) -> etree._Element | None:
    """An answer's root; None for what is no XML, or has a document type, which SOAP 1.1 section 3 forbids.

    UTF-8 is taken whatever is declared, so that nothing can hide in another encoding.
    """
    if b"<!DOCTYPE" in body:
        return None
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True)
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
