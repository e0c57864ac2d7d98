"""Writes src/sim/world/types.json, the resource types of the simulated account, from the schemas that cfn-lint ships.

    target/tools/venv/bin/python tests/sim/account_types.py [TYPE …]

takes the installed cfn-lint (tests/requirements.txt pins it, tests/run installs it) and writes the types anew that the file
has, and those that are named. With `-` it writes to standard output. Kept are names of properties, which are required,
create-only (wholly or in a part) or read-only, the identifier, and whether tags apply.
"""

import importlib.metadata
import json
import pathlib
import sys

import cfnlint

TARGET = pathlib.Path(__file__).parents[2] / "src/sim/world/types.json"


def paths(schema, name):
    return [path.removeprefix("/properties/").replace("/", ".") for path in schema.get(name, [])]


def outermost(schema, name):
    return sorted({path.split(".")[0] for path in paths(schema, name)})


def row(name, schema):
    return {
        "type": name,
        "properties": sorted(schema["properties"]),
        "required": sorted(schema.get("required", [])),
        "createOnly": outermost(schema, "createOnlyProperties"),
        "conditional": outermost(schema, "conditionalCreateOnlyProperties"),
        "readOnly": sorted(path for path in paths(schema, "readOnlyProperties") if "*" not in path),
        "id": paths(schema, "primaryIdentifier"),
        "taggable": bool(schema.get("tagging", {}).get("taggable", schema.get("taggable", False))),
    }


def main():
    schemas = pathlib.Path(cfnlint.__file__).parent / "data/schemas"
    files = json.loads((schemas / "providers/us-east-1.json").read_text())
    named = [name for name in sys.argv[1:] if name != "-"]
    if unknown := [name for name in named if name not in files]:
        sys.exit(f"no such type: {', '.join(unknown)}")
    known = [kind["type"] for kind in json.loads(TARGET.read_text())["types"]]
    rows = [row(name, json.loads((schemas / "resources" / f"{files[name]}.json").read_text()))
            for name in sorted({*known, *named})]
    version = importlib.metadata.version("cfn-lint")
    source = (f"CloudFormation resource schemas of us-east-1 as shipped in cfn-lint {version} (data/schemas, MIT-0), by "
              "tests/sim/account_types.py: names of properties, which are required, create-only (wholly or in a part) or read-only, the "
              "identifier, and whether tags apply.")
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    text = f'{{"source": {json.dumps(source)},\n "types": [\n{lines}\n]}}\n'
    json.loads(text)
    if "-" in sys.argv[1:]:
        return sys.stdout.write(text)
    TARGET.write_text(text)
    print(f"{len(rows)} types, {len(text)} bytes", file=sys.stderr)


main()
