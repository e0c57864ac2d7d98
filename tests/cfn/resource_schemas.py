"""Writes src/cfn/schema/resources.json from the resource schemas that cfn-lint ships.

    target/tools/venv/bin/python tests/cfn/resource_schemas.py

takes the installed cfn-lint (tests/requirements.txt pins it, tests/run installs it). Only what landfall asks is kept: names,
types, enumerations, bounds, what is required, and what is read-only; what replaces a resource is in another file, of all
types (replacement.py). To add a type, add it to TYPES; to take a newer version, change the pin and run both again. With `-`
it writes to standard output.
"""

import importlib.metadata
import json
import pathlib
import sys

import cfnlint

TYPES = """
AWS::ApplicationAutoScaling::ScalableTarget AWS::ApplicationAutoScaling::ScalingPolicy AWS::CloudWatch::Alarm
AWS::EC2::SecurityGroup AWS::EC2::SecurityGroupEgress AWS::EC2::SecurityGroupIngress AWS::ECS::CapacityProvider
AWS::ECS::Cluster AWS::ECS::ClusterCapacityProviderAssociations AWS::ECS::PrimaryTaskSet AWS::ECS::Service
AWS::ECS::TaskDefinition AWS::ECS::TaskSet AWS::EFS::AccessPoint AWS::ElasticLoadBalancingV2::Listener
AWS::ElasticLoadBalancingV2::ListenerCertificate AWS::ElasticLoadBalancingV2::ListenerRule
AWS::ElasticLoadBalancingV2::LoadBalancer AWS::ElasticLoadBalancingV2::TargetGroup AWS::IAM::ManagedPolicy
AWS::IAM::Policy AWS::IAM::Role AWS::IAM::RolePolicy AWS::Logs::LogGroup AWS::Scheduler::Schedule
AWS::Scheduler::ScheduleGroup AWS::ServiceDiscovery::HttpNamespace AWS::ServiceDiscovery::PrivateDnsNamespace
AWS::ServiceDiscovery::Service AWS::SNS::Topic AWS::SQS::Queue
""".split()

BOUNDS = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"]


def property_of(schema):
    """What is kept of one property's schema."""
    if "$ref" in schema:
        return {"ref": schema["$ref"].rsplit("/", 1)[-1]}
    kept = {}
    if kind := schema.get("type"):
        kept["types"] = [kind] if isinstance(kind, str) else sorted(kind)
    if "enum" in schema:
        kept["enum"] = schema["enum"]
    kept.update({name: schema[name] for name in BOUNDS if name in schema})
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
    return kept


def paths(schema, name):
    """JSON pointers of properties, without the prefix that all have."""
    return sorted(path.removeprefix("/properties/").replace("/items/", "/*/") for path in schema.get(name, []))


def resource(schema):
    read_only = paths(schema, "readOnlyProperties")
    definitions = {name: property_of(inside) for name, inside in sorted(schema.get("definitions", {}).items())}
    return {"root": property_of({**schema, "type": "object"}), **({"read_only": read_only} if read_only else {}),
            "definitions": definitions}


def main():
    schemas = pathlib.Path(cfnlint.__file__).parent / "data/schemas"
    files = json.loads((schemas / "providers/us-east-1.json").read_text())
    date = json.loads((schemas / "version.json").read_text())["schema_date"]
    lines = []
    for name in sorted(TYPES):
        schema = json.loads((schemas / "resources" / f"{files[name]}.json").read_text())
        lines.append(f"{json.dumps(name)}: {json.dumps(resource(schema), separators=(',', ':'))}")
    version = importlib.metadata.version("cfn-lint")
    head = {"origin": f"cfn-lint {version}, data/schemas, region us-east-1", "date": date, "licence": "MIT-0"}
    text = "{" + json.dumps(head)[1:-1] + ',\n"types": {\n' + ",\n".join(lines) + "\n}}\n"
    json.loads(text)
    if sys.argv[1:] == ["-"]:
        return sys.stdout.write(text)
    target = pathlib.Path(__file__).parents[2] / "src/cfn/schema/resources.json"
    target.write_text(text)
    print(f"{len(lines)} types, {len(text)} bytes, {head['origin']}", file=sys.stderr)


main()
