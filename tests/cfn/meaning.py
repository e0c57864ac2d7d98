"""Compares what templates mean before and after landfall wrote them, as cfn-lint's decoder reads them.

Takes the path of a list of {"original": path, "written": [paths]} and prints one line for each pair that differs.
"""

import json
import sys

from cfnlint.decode import cfn_json, cfn_yaml


class Loader(cfn_yaml.CfnFullLoader):
    """cfn-lint's reader of YAML; dates stay the text that CloudFormation takes them for."""


Loader.add_multi_constructor("!", cfn_yaml.multi_constructor)
Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


def decode(path):
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    if path.endswith(".json"):
        return json.loads(text, cls=cfn_json.CfnJSONDecoder)
    return Loader(text, path).get_single_data()


def meaning(value):
    """Plain data, with the one thing that has two spellings in one of them: `A.B` of GetAtt as a list."""
    if isinstance(value, dict):
        plain = {key if isinstance(key, str) else json.dumps(key): meaning(inside) for key, inside in value.items()}
        attribute = plain.get("Fn::GetAtt")
        if isinstance(attribute, str):
            plain["Fn::GetAtt"] = attribute.split(".", 1)
        return plain
    if isinstance(value, list):
        return [meaning(item) for item in value]
    return str(value) if isinstance(value, str) else value


def difference(before, after, path=""):
    """Where two values first differ, or None. True is not 1 here, as it is in Python, and neither is 1.0."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            if key not in before or key not in after:
                return f"{path}/{key}: only {'before' if key in before else 'after'}"
            if found := difference(before[key], after[key], f"{path}/{key}"):
                return found
        return None
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after))
        return next((found for at, (a, b) in pairs if (found := difference(a, b, f"{path}/{at}"))), None)
    if type(before) is type(after) and repr(before) == repr(after):
        return None
    return f"{path}: {before!r} became {after!r}"


for entry in json.load(open(sys.argv[1], encoding="utf-8")):
    original = meaning(decode(entry["original"]))
    for path in entry["written"]:
        if found := difference(original, meaning(decode(path))):
            print(f"{entry['original'].rsplit('/', 1)[-1]} as {path.rsplit('.', 1)[-1]}: {found}")
