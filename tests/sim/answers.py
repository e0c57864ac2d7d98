"""What clients of the tests get: every answer is compared with the shape that botocore's model gives it, member for member and
type for type, and refusals with what they should say.

botocore itself leaves out what it does not know, and takes a text where a number should be.
"""

import datetime
import json
import xml.etree.ElementTree as ElementTree

from botocore.exceptions import ClientError


def watch(client):
    """The client, whose answers are compared from now on."""
    client.meta.events.register("after-call.*.*", compare)
    return client


def compare(http_response, model, **_):
    if http_response.status_code >= 300 or model.output_shape is None:
        return
    protocol = model.service_model.metadata["protocol"]
    if protocol == "json":
        of_json(json.loads(http_response.content), model.output_shape, model.name)
    elif protocol == "query":
        answer = ElementTree.fromstring(http_response.content)
        strip(answer)
        result = answer.find(f"{model.name}Result")
        assert answer.tag == f"{model.name}Response" and result is not None, answer.tag
        assert answer.find("ResponseMetadata/RequestId") is not None, model.name
        of_xml(result, model.output_shape, model.name)


def strip(element):
    element.tag = element.tag.split("}")[-1]
    for inner in element:
        strip(inner)


# What events of stacks say at AWS, although the model's list does not have it.
OF_EVENTS = ["REVIEW_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"]


def word(value, shape, at):
    assert isinstance(value, str), f"{at} is {value!r}, not a text"
    known = getattr(shape, "enum", None)
    if known and shape.name == "ResourceStatus":
        known = [*known, *OF_EVENTS]
    assert not known or value in known, f"{at} is {value!r}, none of {known}"


def complete(given, shape, at):
    missing = [name for name in shape.required_members if name not in given]
    assert not missing, f"{at} has no {missing}"


def of_json(value, shape, at):
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{at} is {value!r}, not a structure"
        for name, inner in value.items():
            assert name in shape.members, f"{at} has {name}, which is no member of {shape.name}"
            of_json(inner, shape.members[name], f"{at}.{name}")
        complete(value, shape, at)
    elif kind == "list":
        assert isinstance(value, list), f"{at} is {value!r}, not a list"
        for index, inner in enumerate(value):
            of_json(inner, shape.member, f"{at}[{index}]")
    elif kind == "map":
        assert isinstance(value, dict), f"{at} is {value!r}, not a map"
        for name, inner in value.items():
            of_json(inner, shape.value, f"{at}.{name}")
    elif kind == "string":
        word(value, shape, at)
    elif kind == "boolean":
        assert isinstance(value, bool), f"{at} is {value!r}, not a flag"
    elif kind in ("integer", "long"):
        assert isinstance(value, int) and not isinstance(value, bool), f"{at} is {value!r}, not a number"
    else:
        assert isinstance(value, (int, float)) and not isinstance(value, bool), f"{at} is {value!r}, not a {kind}"


def of_xml(element, shape, at):
    kind, text = shape.type_name, element.text or ""
    if kind == "structure":
        names = {inner.serialization.get("name", name): inner for name, inner in shape.members.items()}
        seen = set()
        for inner in element:
            assert inner.tag in names, f"{at} has {inner.tag}, which is no member of {shape.name}"
            assert inner.tag not in seen, f"{at} has {inner.tag} twice"
            seen.add(inner.tag)
            of_xml(inner, names[inner.tag], f"{at}.{inner.tag}")
        complete(seen, shape, at)
    elif kind == "list":
        for index, inner in enumerate(element):
            assert inner.tag == shape.member.serialization.get("name", "member"), f"{at}[{index}] is called {inner.tag}"
            of_xml(inner, shape.member, f"{at}[{index}]")
    elif kind == "string":
        word(text, shape, at)
    elif kind == "boolean":
        assert text in ("true", "false"), f"{at} is {text!r}, not a flag"
    elif kind in ("integer", "long"):
        assert text.lstrip("-").isdigit(), f"{at} is {text!r}, not a number"
    elif kind == "timestamp":
        datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    else:
        raise AssertionError(f"{at} is of an unknown kind: {kind}")


def refused(code, part, call, **arguments):
    """That a call is refused with this code, and with these words among others."""
    try:
        call(**arguments)
    except ClientError as error:
        got = error.response["Error"]
        assert got["Code"] == code and part in got["Message"], got
        return
    raise AssertionError(f"{call} {arguments} was not refused")
