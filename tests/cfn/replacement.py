"""Writes src/cfn/schema/replacement.json: for every resource type, the properties whose change replaces the resource.

    target/tools/venv/bin/python tests/cfn/replacement.py

takes the resource schemas of the installed cfn-lint (tests/requirements.txt pins it, tests/run installs it), of all regions. A
type is one line: `always` are its create-only properties, `perhaps` its conditional ones, as paths in which `*` stands for
any item of a list. A type without such properties has an empty line: it is known, and changes in place. With `-` it writes to
standard output.
"""

import importlib.metadata
import json
import pathlib
import sys

import cfnlint

TARGET = pathlib.Path(__file__).parents[2] / "src/cfn/schema/replacement.json"

# Types of which nothing is known: the handler of a custom resource decides by the physical id that it returns, and a transform
# makes other resources of AWS::Serverless.
LEFT_OUT = ("AWS::CloudFormation::CustomResource", "AWS::Serverless::")


def paths(schema, name):
    return sorted(path.removeprefix("/properties/") for path in schema.get(name, []))


def line(schema):
    found = {"always": paths(schema, "createOnlyProperties"), "perhaps": paths(schema, "conditionalCreateOnlyProperties")}
    return {name: where for name, where in found.items() if where}


def types(schemas):
    """Each type with its schema. All regions say the same of what replaces; if that ends, the lines have to tell them apart."""
    found = {}
    for region in sorted((schemas / "providers").glob("*.json")):
        for name, file in json.loads(region.read_text()).items():
            found.setdefault(name, set()).add(file)
    for name in sorted(name for name in found if not name.startswith(LEFT_OUT)):
        lines = [line(json.loads((schemas / "resources" / f"{file}.json").read_text())) for file in sorted(found[name])]
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
