"""Writes src/cfn/schema/replacement.json: for every resource type, the properties whose change replaces the resource.

    target/tools/venv/bin/python tests/cfn/replacement.py

takes the resource schemas of the installed cfn-lint (tests/requirements.txt pins it, tests/run installs it), of all regions. A
type is one line: `always` are its create-only properties, `perhaps` its conditional ones, as paths in which `*` stands for
any item of a list. `name` are the properties that name a resource, if the template can set all of its identifier. A type without such properties has an empty line: it is known, and changes in place. With `-` it writes to
standard output.

Two things are not in those lists of the schemas. A type whose handlers have no update is replaced by every change (user guide
of the CloudFormation CLI, "Resource type schema", handlers): its other properties count as conditional, since their pages say
otherwise. And for types without handlers, which CloudFormation does not run by a schema, the lines of
replacement_verdicts.txt with the verdict `documentation` are added.
"""

import importlib.metadata
import json
import pathlib
import sys

import cfnlint

VERDICTS = pathlib.Path(__file__).with_name("replacement_verdicts.txt")
TARGET = pathlib.Path(__file__).parents[2] / "src/cfn/schema/replacement.json"

# Types of which nothing is known: the handler of a custom resource decides by the physical id that it returns, and a transform
# makes other resources of AWS::Serverless.
LEFT_OUT = ("AWS::CloudFormation::CustomResource", "AWS::Serverless::")


def paths(schema, name):
    return sorted(path.removeprefix("/properties/") for path in schema.get(name, []))


def documented():
    """What only the documentation says, by type: the property, and the list that it belongs into."""
    found = {}
    rows = [row.split(" | ") for row in VERDICTS.read_text().splitlines() if row and not row.startswith("#")]
    for where, said, _, verdict, _ in rows:
        if verdict == "documentation":
            kind, name = where.split(".")
            found.setdefault(kind, []).append((name, {"yes": "always", "maybe": "perhaps"}[said]))
    return found


def line(schema, more=()):
    found = {"always": paths(schema, "createOnlyProperties"), "perhaps": paths(schema, "conditionalCreateOnlyProperties")}
    if "update" not in schema.get("handlers", {"update": {}}):
        known = {*found["always"], *paths(schema, "readOnlyProperties")}
        found["perhaps"] = sorted({*found["perhaps"], *schema["properties"]} - known)
    found["name"] = [] if set(paths(schema, "readOnlyProperties")) & set(paths(schema, "primaryIdentifier")) else paths(schema, "primaryIdentifier")
    for name, where in more:
        found[where] = sorted({*found[where], name})
    return {name: where for name, where in found.items() if where}


def types(schemas):
    """Each type with its schema. All regions say the same of what replaces; if that ends, the lines have to tell them apart."""
    found = {}
    for region in sorted((schemas / "providers").glob("*.json")):
        for name, file in json.loads(region.read_text()).items():
            found.setdefault(name, set()).add(file)
    more = documented()
    for name in sorted(name for name in found if not name.startswith(LEFT_OUT)):
        files = [json.loads((schemas / "resources" / f"{file}.json").read_text()) for file in sorted(found[name])]
        lines = [line(schema, more.get(name, ())) for schema in files]
        if any(other != lines[0] for other in lines):
            sys.exit(f"{name}: regions differ in what replaces it")
        yield name, lines[0]


def main():
    schemas = pathlib.Path(cfnlint.__file__).parent / "data/schemas"
    version = importlib.metadata.version("cfn-lint")
    head = {"origin": f"cfn-lint {version}, data/schemas, all regions", "licence": "MIT-0"}
    lines = [f"{json.dumps(name)}:{json.dumps(found, separators=(',', ':'))}" for name, found in types(schemas)]
    text = "{" + json.dumps(head)[1:-1] + ',\n"types":{\n' + ",\n".join(lines) + "\n}}\n"
    json.loads(text)
    if sys.argv[1:] == ["-"]:
        return sys.stdout.write(text)
    TARGET.write_text(text)
    print(f"{len(lines)} types, {len(text)} bytes, {head['origin']}", file=sys.stderr)


main()
