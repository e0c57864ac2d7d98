"""Writes src/cfn/schema/resources.json from the resource schemas that cfn-lint ships.

    target/tools/venv/bin/python tests/cfn/resource_schemas.py

takes the installed cfn-lint (tests/requirements.txt pins it, tests/run installs it). Of every type, as us-east-1 has it or the
first region that has it, only what landfall asks is kept: names, types, enumerations, bounds, patterns, what is required, and
what is read-only; what replaces a resource is in another file (replacement.py). To take a newer version, change the pin and run
both again. With `-` it writes to standard output.

A value's schema is as short as it can be: `"string"` is a type, `"#Tag"` a definition of the same resource, `[…]` a list of
what stands in it, and `{…}` says more.
"""

import importlib.metadata
import json
import pathlib
import sys

import cfnlint


BOUNDS = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"]


def property_of(schema):
    """What is kept of one property's schema."""
    if "$ref" in schema:
        return "#" + schema["$ref"].rsplit("/", 1)[-1]
    kept = {}
    if kind := schema.get("type"):
        kept["types"] = [kind] if isinstance(kind, str) else sorted(kind)
    if "enum" in schema:
        kept["enum"] = schema["enum"]
    kept.update({name: schema[name] for name in [*BOUNDS, "pattern"] if name in schema})
    if isinstance(schema.get("items"), dict):
        kept["items"] = property_of(schema["items"])
    if properties := schema.get("properties"):
        kept["properties"] = {name: property_of(inside) for name, inside in sorted(properties.items())}
    if required := schema.get("required"):
        kept["required"] = sorted(required)
    alternatives = {"patternProperties", "anyOf", "oneOf", "allOf"} & schema.keys()
    if not properties or alternatives or schema.get("additionalProperties", False) is not False:
        if "object" in kept.get("types", ["object"]):
            kept["open"] = True
    return short(kept)


def short(kept):
    """A schema in its shortest form."""
    if kept.keys() == {"types"} and len(kept["types"]) == 1:
        return kept["types"][0]
    if kept.keys() == {"types", "items"} and kept["types"] == ["array"]:
        return [kept["items"]]
    if kept == {"types": ["object"], "open": True}:
        return "object"
    if "properties" in kept:
        if kept.get("types") == ["object"]:
            del kept["types"]
        else:
            kept.setdefault("types", [])
    return kept


def used(node, definitions, found):
    """The definitions that a schema leads to."""
    if isinstance(node, str) and node.startswith("#"):
        name = node[1:]
        if name in definitions and name not in found:
            found.add(name)
            used(definitions[name], definitions, found)
    elif isinstance(node, list):
        used(node[0], definitions, found)
    elif isinstance(node, dict):
        for inside in [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]:
            used(inside, definitions, found)
    return found


def paths(schema, name):
    """JSON pointers of properties, without the prefix that all have."""
    return sorted(path.removeprefix("/properties/").replace("/items/", "/*/") for path in schema.get(name, []))


def resource(schema):
    read_only = paths(schema, "readOnlyProperties")
    definitions = {name: property_of(inside) for name, inside in sorted(schema.get("definitions", {}).items())}
    root = property_of({**schema, "type": "object"})
    kept = sorted(used(root, definitions, set()))
    return {"root": root, **({"read_only": read_only} if read_only else {}),
            **({"definitions": {name: definitions[name] for name in kept}} if kept else {})}


def main():
    schemas = pathlib.Path(cfnlint.__file__).parent / "data/schemas"
    files = {}
    regions = sorted((schemas / "providers").glob("*.json"), key=lambda file: (file.stem != "us-east-1", file.stem))
    for region in regions:
        files = {**json.loads(region.read_text()), **files}
    date = json.loads((schemas / "version.json").read_text())["schema_date"]
    lines = []
    # What a macro makes, and what anybody may define, has no properties of its own.
    ours = ("AWS::Serverless::", "AWS::CloudFormation::CustomResource")
    for name in sorted(name for name in files if not name.startswith(ours)):
        schema = json.loads((schemas / "resources" / f"{files[name]}.json").read_text())
        lines.append(f"{json.dumps(name)}: {json.dumps(resource(schema), separators=(',', ':'))}")
    version = importlib.metadata.version("cfn-lint")
    head = {"origin": f"cfn-lint {version}, data/schemas, all regions", "date": date, "licence": "MIT-0"}
    text = "{" + json.dumps(head)[1:-1] + ',\n"types": {\n' + ",\n".join(lines) + "\n}}\n"
    json.loads(text)
    if sys.argv[1:] == ["-"]:
        return sys.stdout.write(text)
    target = pathlib.Path(__file__).parents[2] / "src/cfn/schema/resources.json"
    target.write_text(text)
    print(f"{len(lines)} types, {len(text)} bytes, {head['origin']}", file=sys.stderr)


main()
