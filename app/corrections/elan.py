"""Events for ELAN: an annotation document (.eaf) with a tier for each person.

The annotations of a tier cannot overlap. What a person does meanwhile goes to a further tier of theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from mimetypes import guess_type
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from app.corrections.correction import Correction
from app.types import ActionEvent

SUFFIX = ".eaf"
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_DATE = "1970-01-01T00:00:00+00:00"  # the same events make the same file


def eaf(correction: Correction) -> str:
    """Return the events as the text of an ELAN file, which names the recording beside it as its medium."""
    root = Element("ANNOTATION_DOCUMENT", AUTHOR="", DATE=_DATE, FORMAT="3.0", VERSION="3.0")
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root.set("xsi:noNamespaceSchemaLocation", _SCHEMA)
    header = SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    kind, place = guess_type(correction.name)[0] or "video/mp4", f"./{quote(correction.name)}"
    media = {"MEDIA_URL": place, "RELATIVE_MEDIA_URL": place, "MIME_TYPE": kind}
    SubElement(header, "MEDIA_DESCRIPTOR", media)
    slots = SubElement(root, "TIME_ORDER")
    number = 0
    for name, events in _tiers(correction.events):
        tier = SubElement(root, "TIER", LINGUISTIC_TYPE_REF="action", TIER_ID=name)
        for event in events:
            number += 1
            edges = [f"ts{2 * number - 1}", f"ts{2 * number}"]
            for slot, time_s in zip(edges, (event.start_s, event.end_s)):
                SubElement(slots, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(round(1000 * time_s)))
            places = {"ANNOTATION_ID": f"a{number}", "TIME_SLOT_REF1": edges[0], "TIME_SLOT_REF2": edges[1]}
            annotation = SubElement(SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", places)
            SubElement(annotation, "ANNOTATION_VALUE").text = event.label
    SubElement(root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID="action", TIME_ALIGNABLE="true")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _tiers(events: Sequence[ActionEvent]) -> list[tuple[str, list[ActionEvent]]]:
    """Return tiers without overlap, a person's one after the other."""
    of_person: defaultdict[int, list[list[ActionEvent]]] = defaultdict(list)
    for event in events:
        tiers = of_person[event.person]
        free = next((tier for tier in tiers if tier[-1].end_s <= event.start_s), None)
        if free is None:
            tiers.append([event])
        else:
            free.append(event)
    return [
        (f"person {person}" if k == 0 else f"person {person} ({k + 1})", tier)
        for person, tiers in sorted(of_person.items())
        for k, tier in enumerate(tiers)
    ]
