"""The form of messages: their schema as it is published, and what the published page says of it."""

from __future__ import annotations

import json
import re

import pytest
from pydantic import ValidationError

from app.broadcast.hub import MOST_WAITING, RING
from app.broadcast.message import EventMessage, schema, schema_text
from app.classify.formats import event_fields
from app.types import ActionEvent
from models.system.places import ROOT
from tests.app.broadcast.messages import event, joints, state

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
MAKE = "from app.broadcast.message import schema_text; open('docs/events.schema.json', 'w').write(schema_text())"


def test_the_published_schema_is_that_of_the_messages():
    found = (ROOT / "docs" / "events.schema.json").read_text(encoding="utf-8")
    assert found == schema_text(), f'write it anew: .venv/bin/python -c "{MAKE}"'


@pytest.mark.parametrize("message", [event(1), event(1, "end"), state(event(1)), joints(1)], ids=lambda one: one.type)
def test_messages_fit_it(message):
    checker = pytest.importorskip("jsonschema", reason="jsonschema is not installed (Ray brings it)")
    validator = checker.Draft202012Validator(schema())
    validator.validate(json.loads(message.model_dump_json()))
    broken = json.loads(message.model_dump_json()) | {"version": 2}
    assert not validator.is_valid(broken)


def test_an_event_has_the_fields_of_the_files():
    one = ActionEvent(0, "wave", 1.0, 2.0, 0.5, (("wave", 0.5),), {"joint": 0.5})
    assert event_fields("x", one).keys() <= EventMessage.model_fields.keys()
    with pytest.raises(ValidationError):
        EventMessage.model_validate({**json.loads(event(1).model_dump_json()), "picture": "..."})


def test_the_page_shows_a_message_and_the_limits():
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    message = EventMessage.model_validate_json(shown)
    assert message.phase == "end" and json.loads(shown).keys() == EventMessage.model_fields.keys()
    assert f"newest {RING} events" in PAGE and f"If {MOST_WAITING} events wait" in PAGE
    for name in EventMessage.model_fields:
        assert f'"{name}"' in PAGE
