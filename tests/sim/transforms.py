"""Transforms and functions of templates, with boto3: loops, includes, dynamic references, deep conditions, types of properties."""

import itertools
import json

import boto3

import account
from account import KEYS, WHERE, cfn, detected, ecs, events, settled, wait
from answers import refused

NUMBERS = itertools.count()
s3 = boto3.client("s3", **WHERE, **KEYS)
EXPAND = {"Capabilities": ["CAPABILITY_AUTO_EXPAND"]}
LANGUAGE = "AWS::LanguageExtensions"


def lines(name):
    return [(event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", "")) for event in events(name)]


def given(values):
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def create(name, template, status="CREATE_COMPLETE", values={}, **more):
    text = template if isinstance(template, str) else json.dumps(template)
    cfn.create_stack(StackName=name, TemplateBody=text, Parameters=given(values), **(EXPAND | more))
    return settled(name, status)


def update(name, template, status="UPDATE_COMPLETE", values={}, **more):
    cfn.update_stack(StackName=name, TemplateBody=json.dumps(template), Parameters=given(values), **(EXPAND | more))
    return settled(name, status)


def change_set(name, template, kind="CREATE", **more):
    return account.change_set(name, ChangeSetName=f"c{next(NUMBERS)}", TemplateBody=json.dumps(template), ChangeSetType=kind, **more)


def outputs(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def processed(name):
    return cfn.get_template(StackName=name)["TemplateBody"]


def extended(**sections):
    return {"Transform": LANGUAGE, **sections}


def topic(**properties):
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def parameter(value, **more):
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **more}}


# Loops: over a parameter, nested, in every section and in properties.
loops = extended(
    Parameters={"Names": {"Type": "CommaDelimitedList"}, "Stage": {"Type": "String", "Default": "prod"}},
    Mappings={"Sizes": {"a": {"Days": 1}, "b": {"Days": 7}}},
    Conditions={"Fn::ForEach::Is": ["Name", {"Ref": "Names"}, {"Is${Name}": {"Fn::Equals": [{"Ref": "Name"}, "a"]}}]},
    Resources={
        "Fn::ForEach::Groups": ["Name", {"Ref": "Names"}, {"Group${Name}": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": {"Fn::If": ["Is${Name}", "Retain", "Delete"]},
            "Properties": {
                "LogGroupName": {"Fn::Sub": "/${AWS::StackName}/${Name}"},
                "RetentionInDays": {"Fn::FindInMap": ["Sizes", {"Ref": "Name"}, "Days", {"DefaultValue": 30}]}}}}],
        "Fn::ForEach::Outer": ["Env", ["dev", "test"], {"Fn::ForEach::Inner": ["Zone", ["1.0", "2.0"], {
            "Topic${Env}&{Zone}": topic(DisplayName={"Fn::Join": ["-", [{"Ref": "Env"}, "${Zone}"]]})}]}],
        "Table": {"Type": "AWS::SSM::Parameter", "Properties": {
            "Type": "String", "Value": "x", "Tags": {"Fn::ForEach::Tags": ["Key", ["one", "two"], {"${Key}": {"Ref": "Key"}}]}}},
    },
    Outputs={
        "Fn::ForEach::Names": ["Name", {"Ref": "Names"}, {"Name${Name}": {"Value": {"Ref": {"Fn::Sub": "Group${Name}"}}}}],
        "Count": {"Value": {"Fn::Length": {"Ref": "Names"}}},
        "Json": {"Value": {"Fn::ToJsonString": {
            "stage": {"Ref": "Stage"}, "days": 3, "gone": {"Ref": "AWS::NoValue"}, "topic": {"Ref": "Topicdev10"},
            "say": 'a "b"', "list": [{"Fn::GetAtt": ["Table", "Arn"]}, True]}}},
        "Late": {"Value": {"Fn::GetAtt": [{"Fn::FindInMap": ["Sizes", "x", "y", {"DefaultValue": "Topicdev10"}]}, "TopicArn"]}},
    })
stack = create("loops", loops, values={"Names": "a,b,c"})
told = outputs(stack)
assert told["Namea"] == "/loops/a" and told["Namec"] == "/loops/c", told
assert told["Count"] == "3", told
parsed = json.loads(told["Json"])
assert parsed["stage"] == "prod" and parsed["days"] == 3 and "gone" not in parsed and parsed["say"] == 'a "b"', parsed
assert parsed["topic"] == told["Late"] and parsed["list"][0].startswith("arn:aws:ssm:") and parsed["list"][1] is True, parsed
made = {row["LogicalResourceId"] for page in cfn.get_paginator("list_stack_resources").paginate(StackName="loops")
        for row in page["StackResourceSummaries"]}
assert {"Groupa", "Groupb", "Groupc", "Topicdev10", "Topicdev20", "Topictest10", "Topictest20", "Table"} == made, made
assert ("loops", "CREATE_IN_PROGRESS", "Transformation succeeded") in lines("loops"), lines("loops")
template = processed("loops")
assert "Transform" not in template and "Groupa" in template["Resources"], template
assert template["Resources"]["Groupb"]["Properties"]["RetentionInDays"] == 7, template
assert template["Resources"]["Groupa"]["DeletionPolicy"] == "Retain", template
assert template["Resources"]["Table"]["Properties"]["Tags"] == {"one": "one", "two": "two"}, template
original = cfn.get_template(StackName="loops", TemplateStage="Original")["TemplateBody"]
assert original == loops, original

# The same again is no update; another list is, and so are the values alone.
refused("ValidationError", "No updates are to be performed.", cfn.update_stack, StackName="loops", TemplateBody=json.dumps(loops),
        Parameters=given({"Names": "a,b,c"}), **EXPAND)
found = change_set("loops", loops, "UPDATE", Parameters=given({"Names": "a,b,c"}))
assert (found["Status"], found["StatusReason"]) == ("FAILED", "No updates are to be performed."), found
cfn.update_stack(StackName="loops", UsePreviousTemplate=True, Parameters=given({"Names": "b,c"}), **EXPAND)
told = outputs(settled("loops", "UPDATE_COMPLETE"))
assert told["Count"] == "2" and "Namea" not in told, told

# Without the capability a stack is not made directly; a change set needs none.
refused("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]", cfn.create_stack,
        StackName="none", TemplateBody=json.dumps(loops), Parameters=given({"Names": "a"}))
found = change_set("reviewed", loops, Parameters=given({"Names": "a"}))
assert found["Status"] == "CREATE_COMPLETE" and len(found["Changes"]) <= 3, found
stages = cfn.get_template(StackName="reviewed", ChangeSetName=found["ChangeSetName"])
assert stages["StagesAvailable"] == ["Original", "Processed"] and "Groupa" in stages["TemplateBody"]["Resources"], stages
summary = cfn.get_template_summary(TemplateBody=json.dumps(loops))
assert summary["DeclaredTransforms"] == [LANGUAGE] and summary["Capabilities"] == ["CAPABILITY_AUTO_EXPAND"], summary
assert [one["ParameterKey"] for one in summary["Parameters"]] == ["Names", "Stage"], summary
assert cfn.validate_template(TemplateBody=json.dumps(loops))["DeclaredTransforms"] == [LANGUAGE]

# What the language refuses.
queue = {"Type": "AWS::SQS::Queue"}
wide = {"Fn::ForEach::W": ["N", [str(number) for number in range(600)], {"Q${N}": queue}]}
deep = {"Q${A}${B}${C}${D}": queue}
for letter in "ABCD":
    deep = {f"Fn::ForEach::L{letter}": [letter, [f"{number:02}" for number in range(60)], deep]}
WRONG = {
    "layout": ({"Fn::ForEach::X": ["N", ["a"]]}, "Fn::ForEach layout is incorrect"),
    "no list": ({"Fn::ForEach::X": ["N", {"Ref": "AWS::Region"}, {"Q${N}": queue}]}, "Fn::ForEach layout is incorrect"),
    "a key twice": ({"Fn::ForEach::X": ["N", ["a", "b"], {"Q": queue}]},
                    "Duplicate key 'Q' when merging keys to parent object in Fn::ForEach"),
    "a name twice": ({"Fn::ForEach::Q": ["N", ["a"], {"R${N}": queue}], "Q": queue}, "not unique"),
    "length of a text": ({"Q": {**queue, "Properties": {"DelaySeconds": {"Fn::Length": "abc"}}}}, "Fn::Length layout is incorrect"),
    "length of what is not known": ({"Q": queue, "R": {**queue, "Properties": {"DelaySeconds": {"Fn::Length": {"Ref": "Q"}}}}}, "[Q]"),
    "a condition by a function": ({"Q": {**queue, "Properties": {"QueueName": {"Fn::If": [{"Fn::Sub": "C"}, "a", "b"]}}}},
                                  "Fn::If layout is incorrect"),
    "no mapping": ({"Q": {**queue, "Properties": {"QueueName": {"Fn::FindInMap": ["M", "a", "b"]}}}}, "Unable to get mapping for M::a::b"),
    "too many resources": (wide, "Number of resources, 600, is greater than maximum allowed, 500"),
    "too much text": ({"Fn::ForEach::X": ["N", ["x" * 4000], {"Q": {"Type": "${N}" * 5000}}]}, "more than 1000000 bytes"),
    "too much work": (deep, "too large"),
}
for name, (resources, words) in WRONG.items():
    found = change_set(f"wrong{next(NUMBERS)}", extended(Resources=resources))
    assert found["Status"] == "FAILED" and words in found["StatusReason"], (name, found["StatusReason"])

# Without the transform these are no functions.
loop = {"Fn::ForEach::X": ["N", ["a"], {"Q${N}": queue}]}
for properties, resources in (
    ({"DelaySeconds": {"Fn::Length": ["a"]}}, {}), ({"QueueName": {"Fn::ToJsonString": {}}}, {}), ({}, loop),
    ({"QueueName": {"Fn::FindInMap": ["M", "a", "b", {"DefaultValue": "c"}]}}, {}),
):
    template = {"Resources": {"Q": {**queue, "Properties": properties}, **resources}}
    refused("ValidationError", "", cfn.create_stack, StackName="none", TemplateBody=json.dumps(template))

# Pieces from buckets.
s3.create_bucket(Bucket="pieces", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
for key, body in (
    ("queue.yaml", "Type: AWS::SQS::Queue\nProperties:\n  DelaySeconds: 3\n"), ("delay.json", '{"DelaySeconds": 9}'),
    ("top.yaml", "Mappings:\n  M: {a: {b: from the top}}\n"), ("short.yaml", "DelaySeconds: !Ref Delay\n"),
    ("large.json", json.dumps({"DelaySeconds": 1, "QueueName": "q" * 600_000})),
    ("own.json", json.dumps({"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://pieces/delay.json"}}})),
):
    s3.put_object(Bucket="pieces", Key=key, Body=body.encode())


def include(key, bucket="pieces"):
    return {"Name": "AWS::Include", "Parameters": {"Location": {"Fn::Sub": f"s3://${{Bucket}}/{key}"} if bucket == "pieces" else f"s3://{bucket}/{key}"}}


def including(*, transform=None, **resources):
    top = {"Transform": transform} if transform else {}
    return {"Parameters": {"Bucket": {"Type": "String", "Default": "pieces"}}, "Resources": resources, **top}


pieces = including(
    transform=[include("top.yaml"), LANGUAGE],
    One={"Fn::Transform": include("queue.yaml")},
    Two={**queue, "Properties": {"QueueName": "two", "Fn::Transform": include("delay.json")}},
    Three=topic(DisplayName={"Fn::FindInMap": ["M", "a", {"Fn::Select": [0, ["b"]]}]}))
create("pieces", pieces)
template = processed("pieces")
assert template["Resources"]["One"]["Properties"] == {"DelaySeconds": 3}, template
assert template["Resources"]["Two"]["Properties"] == {"QueueName": "two", "DelaySeconds": 9}, template
assert template["Resources"]["Three"]["Properties"] == {"DisplayName": "from the top"}, template
assert cfn.get_template_summary(StackName="pieces")["DeclaredTransforms"] == ["AWS::Include", LANGUAGE]
for key, words in (("nothing.yaml", "nothing.yaml"), ("short.yaml", "should be valid Yaml/JSON"), ("own.json", "AWS::Include")):
    found = change_set(f"piece{next(NUMBERS)}", including(Q={**queue, "Properties": {"Fn::Transform": include(key)}}))
    assert found["Status"] == "FAILED" and found["StatusReason"].startswith("Transform AWS::Include failed with: "), found
    assert words in found["StatusReason"], found
twice = including(**{name: {**queue, "Properties": {"Fn::Transform": include("large.json")}} for name in "AB"})
assert "longer than 1000000 bytes" in change_set("twice", twice)["StatusReason"]
missing = including(Q={"Fn::Transform": include("x", "no-such-bucket")})
sentence = "Transform AWS::Include failed with: S3 bucket [no-such-bucket] does not exist."
assert change_set("missing", missing)["StatusReason"] == sentence

# A stack that is made directly is rolled back, with the reason in its events; an update goes back to what was there.
create("rolled", missing, "ROLLBACK_COMPLETE")
assert ("rolled", "CREATE_IN_PROGRESS", sentence) in lines("rolled"), lines("rolled")
assert ("rolled", "ROLLBACK_IN_PROGRESS", f"{sentence}. Rollback requested by user.") in lines("rolled"), lines("rolled")
update("pieces", missing, "UPDATE_ROLLBACK_COMPLETE")
assert processed("pieces") == template

# Macros that nobody made, and transforms of AWS that are not modelled.
for name, words in (("Mine", "No transform named 111111111111::Mine found."), ("222222222222::X", "No transform named 222222222222::X found."),
                    ("AWS::Bogus", "No transform named AWS::Bogus found."), ("AWS::Serverless-2016-10-31", "AWS::Serverless-2016-10-31"),
                    ("AWS::CodeDeployBlueGreen", "AWS::CodeDeployBlueGreen")):
    template = {"Transform": name, "Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {}}}}
    found = change_set(f"macro{next(NUMBERS)}", template)
    assert found["Status"] == "FAILED" and words in found["StatusReason"], found
    assert cfn.get_template_summary(TemplateBody=json.dumps(template))["DeclaredTransforms"] == [name]
refused("NotModelled", "AWS::Serverless-2016-10-31", cfn.create_stack, StackName="none", **EXPAND,
        TemplateBody=json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Q": queue}}))
for wrong in ({"Name": {"Ref": "X"}}, 5, [["AWS::Include"]]):
    refused("ValidationError", "Key Name of transform definition must be a string.", cfn.create_stack, StackName="none", **EXPAND,
            TemplateBody=json.dumps({"Transform": wrong, "Resources": {"Q": queue}}))
embedded = {"Resources": {"Q": {"Fn::Transform": LANGUAGE}}}
assert "top level" in change_set("embedded", embedded)["StatusReason"]

# Blocks of addresses.
network = {"Resources": {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {
        "VpcId": {"Ref": "Vpc"}, "CidrBlock": {"Fn::Select": [2, {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 4, 8]}]}}}},
    "Outputs": {"All": {"Value": {"Fn::Join": [",", {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, "3", "8"]}]}},
                "Six": {"Value": {"Fn::Select": [1, {"Fn::Cidr": ["2001:db8::/56", 2, 64]}]}}}}
told = outputs(create("network", network))
assert told == {"All": "10.0.0.0/24,10.0.1.0/24,10.0.2.0/24", "Six": "2001:db8:0:1::/64"}, told
network["Resources"]["Subnet"]["Properties"]["CidrBlock"]["Fn::Select"][1]["Fn::Cidr"][1] = 400
create("network2", network, "ROLLBACK_COMPLETE")

# What SSM and Secrets Manager keep.
keeper = {"Resources": {
    "Level": parameter("debug", Name="/app/level"), "Zones": parameter("a,b", Name="/app/zones", Type="StringList"),
    "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "db", "SecretString": '{"password": "hunter2"}'}}}}
create("keeper", keeper)
task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "reader", "ContainerDefinitions": [{
    "Name": "app", "Image": "web:1", "Memory": 128, "Environment": [
        {"Name": "LEVEL", "Value": "{{resolve:ssm:/app/level}}"}, {"Name": "FIRST", "Value": "<{{resolve:ssm:/app/level:1}}>"},
        {"Name": "PASSWORD", "Value": "{{resolve:secretsmanager:db:SecretString:password}}"},
        {"Name": "UNKNOWN", "Value": "{{resolve:secretsmanager:nobody:SecretString:x}}"}]}]}}
reader = {
    "Parameters": {"Level": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/level"},
                   "Zones": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/app/zones"},
                   "Name": {"Type": "AWS::SSM::Parameter::Name", "Default": "/app/level"}},
    "Resources": {"Task": task},
    "Outputs": {"Level": {"Value": {"Ref": "Level"}}, "Second": {"Value": {"Fn::Select": [1, {"Ref": "Zones"}]}}, "Name": {"Value": {"Ref": "Name"}}}}
stack = create("reader", reader)
assert outputs(stack) == {"Level": "debug", "Second": "b", "Name": "/app/level"}, stack
resolved = {one["ParameterKey"]: one.get("ResolvedValue") for one in stack["Parameters"]}
assert resolved == {"Level": "debug", "Zones": "a,b", "Name": None}, resolved
environment = ecs.describe_task_definition(taskDefinition="reader")["taskDefinition"]["containerDefinitions"][0]["environment"]
assert {one["name"]: one["value"] for one in environment} == {
    "LEVEL": "debug", "FIRST": "<debug>", "PASSWORD": "hunter2", "UNKNOWN": "{{resolve:secretsmanager:nobody:SecretString:x}}"}, environment
drift = detected("reader")
assert drift["StackDriftStatus"] == "IN_SYNC", drift
# The reference is compared as it is written, a parameter of the stack by its value.
keeper["Resources"]["Level"]["Properties"]["Value"] = "info"
update("keeper", keeper)
found = change_set("reader", {**reader, "Outputs": {}, "Parameters": {}}, "UPDATE")
assert found["Status"] == "CREATE_COMPLETE" and found["Changes"] == [], found
assert outputs(update("reader", {**reader, "Resources": {**reader["Resources"], "T": topic()}}))["Level"] == "info"
refused("ValidationError", "Parameters: [ssm:/app/none] cannot be found.", cfn.create_stack, StackName="none", TemplateBody=json.dumps(
    {"Resources": {"T": topic(DisplayName="{{resolve:ssm:/app/none}}")}}))
refused("ValidationError", "Unable to fetch parameters [/app/none] from parameter store for this account.", cfn.create_stack,
        StackName="none", TemplateBody=json.dumps(reader), Parameters=given({"Level": "/app/none"}))
for wrong, words in (({"Fn::Join": ["", ["{{resolve:ssm:", "/app/none}}"]]}, "cannot be found"),
                     ("{{resolve:ssm-secure:/app/level}}", "cannot be found"),
                     ("{{resolve:secretsmanager:db:SecretString:user}}", "Could not find a value associated with JSONKey in SecretString")):
    name = f"unresolved{next(NUMBERS)}"
    create(name, {"Resources": {"T": topic(DisplayName=wrong)}}, "ROLLBACK_COMPLETE")
    assert any(logical == "T" and words in reason for logical, _, reason in lines(name)), lines(name)

many = {"Resources": {"T": topic(DisplayName="{{resolve:ssm:/app/level}}" * 61)}}
refused("ValidationError", "maximum allowed, 60", cfn.create_stack, StackName="none", TemplateBody=json.dumps(many))

# Conditions as deep as they come, each evaluated once.
nested = {"Fn::Equals": ["a", "a"]}
for _ in range(40):
    nested = {"Fn::Not": [nested]}
conditions = {"C0": nested}
for level in range(1, 200):
    below = {"Condition": f"C{level - 1}"}
    conditions[f"C{level}"] = {"Fn::And": [below, below]}
create("conditions", {"Conditions": conditions, "Resources": {"Q": {**queue, "Condition": "C199"}, "R": queue}})
assert len(cfn.list_stack_resources(StackName="conditions")["StackResourceSummaries"]) == 2

# Values that the type's schema does not allow, and those that CloudFormation converts. Without the validation before a deployment
# they fail their resources.
group = lambda **properties: {"Type": "AWS::Logs::LogGroup", "Properties": properties}
container = {"Name": "app", "Image": "web:1", "Memory": 128}
tasks = lambda **more: {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [container | more]}}
imageless = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "app", "Memory": 128}]}}
for resource, words in (
    (group(RetentionInDays="abc"), "[#/RetentionInDays: expected type: Integer, found: String]"),
    (group(RetentionInDays=2), "[#/RetentionInDays: failed validation constraint for keyword [enum]]"),
    (group(Tags={"a": "b"}), "[#/Tags: expected type: JSONArray, found: JSONObject]"),
    (group(Tags=[{"Key": "a", "Nonsense": "b"}]), "#/Tags/0: extraneous key [Nonsense] is not permitted"),
    (group(LogGroupName="a b"), "[#/LogGroupName: failed validation constraint for keyword [pattern]]"),
    (imageless, "[#/ContainerDefinitions/0: required key [Image] not found]"),
    (tasks(Essential="maybe"), "[#/ContainerDefinitions/0/Essential: expected type: Boolean, found: String]"),
):
    name = f"typed{next(NUMBERS)}"
    create(name, {"Resources": {"L": resource}}, "ROLLBACK_COMPLETE", DisableValidation=True)
    sentence = f"Properties validation failed for resource L with message: {words}"
    assert any(words in reason and reason.startswith("Properties validation failed") for _, _, reason in lines(name)), (words, lines(name))
days = {"Parameters": {"Days": {"Type": "String"}}, "Resources": {"L": group(RetentionInDays={"Ref": "Days"})}}
create("days", days, values={"Days": "30"})
update("days", days, "UPDATE_ROLLBACK_COMPLETE", values={"Days": "soon"})
create("converted", {"Resources": {"L": group(RetentionInDays="30"), "Q": {**queue, "Properties": {"DelaySeconds": "5", "FifoQueue": "true"}},
                                   "S": parameter(5), "T": tasks(Essential="true", Memory="128")}})

# Letters beyond ASCII come back as question marks.
create("letters", "Description: Größe\nResources:\n  T: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: é}}\n")
assert cfn.get_template(StackName="letters")["TemplateBody"].startswith("Description: Gr??e"), cfn.get_template(StackName="letters")
assert cfn.describe_stacks(StackName="letters")["Stacks"][0]["Description"] == "Größe"
print("transforms: done")
