"""Writes src/sim/world/types.json, the resource types of the simulated account, from public data of AWS.

    target/tools/venv/bin/python tests/sim/account_types.py [TYPE …]

writes the types anew that the file has, and those that are named. With `-` it writes to standard output. tests/run installs
what it takes:

* from cfn-lint's schemas (tests/requirements.txt pins it) names of properties, which are required or read-only, the identifier,
  and whether tags apply;
* from aws-service-spec (tests/service-spec.txt pins it) what replaces a resource, so that the account does not repeat what
  landfall predicts from the schemas. Where the two disagree and tests/cfn/replacement_verdicts.txt finds the schema right, the
  schema's word is taken.
"""

import importlib.metadata
import json
import os
import pathlib
import sys

import cfnlint

ROOT = pathlib.Path(__file__).parents[2]
TARGET = ROOT / "src/sim/world/types.json"
VERDICTS = ROOT / "tests/cfn/replacement_verdicts.txt"
TOOLS = pathlib.Path(os.environ.get("LANDFALL_TOOLS", ROOT / "target/tools/venv")).parent
SPEC = TOOLS / "service-spec/replaces.json"


def paths(schema, name):
    return [path.removeprefix("/properties/").replace("/", ".") for path in schema.get(name, [])]


def verdicts():
    """The properties, as TYPE.PROPERTY, of which the schema is right."""
    rows = [row.split(" | ") for row in VERDICTS.read_text().splitlines() if row and not row.startswith("#")]
    return {where for where, _, _, verdict, _ in rows if verdict == "schema"}


def outermost(found):
    """The paths that do not lie under another one."""
    return sorted(path for path in found if not any(path.startswith(f"{other}/") for other in found))


def replaces(name, schema, spec, corrected):
    """The paths of which a change replaces, and those of which it may."""
    said = spec[name]["replaces"] if name in spec else {}
    by_schema = {word: [path.removeprefix("/properties/") for path in schema.get(key, [])]
                 for word, key in {"yes": "createOnlyProperties", "maybe": "conditionalCreateOnlyProperties"}.items()}

    def by_schema_alone(path):
        top = path.split("/")[0]
        return name not in spec or top not in spec[name]["properties"] or f"{name}.{top}" in corrected

    for word, where in by_schema.items():
        found = [path for path, said_of_it in said.items() if said_of_it == word and not by_schema_alone(path)]
        yield outermost(found + [path for path in where if by_schema_alone(path)])


def row(name, schema, spec, corrected):
    always, perhaps = replaces(name, schema, spec, corrected)
    return {
        "type": name,
        "properties": sorted(schema["properties"]),
        "required": sorted(schema.get("required", [])),
        "createOnly": always,
        "conditional": perhaps,
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
    spec, corrected = json.loads(SPEC.read_text()), verdicts()
    rows = [row(name, json.loads((schemas / "resources" / f"{files[name]}.json").read_text()), spec["types"], corrected)
            for name in sorted({*known, *named})]
    version = importlib.metadata.version("cfn-lint")
    source = (f"By tests/sim/account_types.py. CloudFormation resource schemas of us-east-1 as shipped in cfn-lint {version} "
              "(data/schemas, MIT-0): names of properties, which are required or read-only, the identifier, and whether tags apply. "
              f"{spec['origin']} (Apache-2.0): which properties, or parts of them, replace the resource.")
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    text = f'{{"source": {json.dumps(source)},\n "types": [\n{lines}\n]}}\n'
    json.loads(text)
    if "-" in sys.argv[1:]:
        return sys.stdout.write(text)
    TARGET.write_text(text)
    print(f"{len(rows)} types, {len(text)} bytes", file=sys.stderr)


main()
