"""Every parameter of every operation in botocore's models: modelled, or refused by its name.

Prints what it finds; `wire.rs` compares that with parameters.txt.
"""

import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
SERVICES = ["cloudformation", "sts", "ecs", "ecr", "logs"]
# What a text has to be for an answer about the parameter itself.
TEXTS = {
    "StackName": "none", "TemplateBody": "{}", "RoleArn": "arn:aws:iam::111111111111:role/one",
    "RoleSessionName": "one", "cluster": "main",
}


def client(kind):
    return boto3.client(
        kind, endpoint_url=ENDPOINT, region_name="eu-west-1", aws_access_key_id="111111111111", aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False),
    )


def values(shape, name, inside=()):
    """Values of a shape, each with the path of what it says: one for each member, word or flag."""
    if shape.type_name == "structure":
        if shape.name in inside:
            return
        for member, below in shape.members.items():
            for path, value in values(below, member, (*inside, shape.name)):
                yield (member, *path), {member: value}
    elif shape.type_name == "list":
        for path, value in values(shape.member, name, inside):
            yield path, [value]
    elif shape.type_name == "map":
        for path, value in values(shape.value, name, inside):
            yield path, {"key": value}
    elif shape.type_name == "boolean":
        yield ("=true",), True
        yield ("=false",), False
    elif shape.type_name in ("integer", "long"):
        yield (), 1
    elif shape.type_name in ("double", "float"):
        yield (), 1.0
    elif shape.type_name == "timestamp":
        yield (), "2026-01-01T00:00:00Z"
    elif shape.type_name == "blob":
        yield (), b"x"
    elif getattr(shape, "enum", None):
        for word in shape.enum:
            yield (f"={word}",), word
    else:
        yield (), TEXTS.get(name, "a" * 20)


def outcome(service, operation, arguments):
    """Whether the answer says that something is not modelled, and what."""
    try:
        getattr(service, xform_name(operation))(**arguments)
    except ClientError as error:
        # What is called without a signature is not modelled: the key is the account.
        if error.response["Error"]["Code"] == "MissingAuthenticationToken":
            return f"the operation {operation}"
        if error.response["Error"]["Code"] == "NotModelled":
            return error.response["Error"]["Message"].removeprefix("the simulated account does not model ")
    return None


for kind in SERVICES:
    service = client(kind)
    model = service.meta.service_model
    others = []
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        required = {}
        for member in shape.required_members if shape else []:
            required[member] = next((value for _, value in values(shape.members[member], member)), {})
        said = outcome(service, operation, required)
        if said and said.startswith(f"the operation {operation}"):
            others.append(operation)
            continue
        print(f"{kind} {operation}")
        modelled, refused = {}, {}
        # The structure of a task definition or a network is kept or taken as a whole: its first member speaks for it.
        deep = kind == "cloudformation"
        for path, value in values(shape, operation) if shape else []:
            where = ".".join(part for part in path if not part.startswith("=")) if deep else path[0]
            word = path[-1][1:] if path[-1].startswith("=") and (deep or len(path) == 2) else None
            said = outcome(service, operation, required | value)
            # What was refused before the parameter was looked at says nothing of it.
            found = said is not None and (where in said or where.split(".")[0] in said)
            (refused if found else modelled).setdefault(where, []).append(word)
        both = {where: [word for word in words if word] for where, words in modelled.items() if where in refused}
        for title, names in (
            ("takes", [where for where in modelled if where not in refused]),
            ("takes at some values", [f"{where} = {'|'.join(words)}" for where, words in both.items()]),
            ("refuses", [where for where in refused if where not in modelled]),
        ):
            if names:
                print(f"  {title}: {', '.join(dict.fromkeys(names))}")
    print(f"{kind}: {len(others)} operations are refused\n")
