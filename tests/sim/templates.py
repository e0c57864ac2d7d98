"""Templates that CloudFormation refuses when it is called, as boto3 sends them. Nothing is made of any.

Words: those that users report of AWS; [?] marks the others.
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

cfn = boto3.client("cloudformation", endpoint_url=sys.argv[1], region_name="eu-west-1", aws_access_key_id="111111111111",
                   aws_secret_access_key="x")


def queue(**more):
    return {"Type": "AWS::SQS::Queue", **more}


def named(name):
    return {"Resources": {"Q": queue(Properties={"QueueName": name})}}


def topic(name, **sections):
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}}
    return {"Resources": {"Q": queue(**({"Condition": "C"} if sections else {})), "T": topic}, **sections}


NEVER = {"Conditions": {"C": {"Fn::Equals": ["a", {"Ref": "AWS::Region"}]}}}
ATTRIBUTE = {"Fn::GetAtt": ["Q", "QueueName"]}
UNRESOLVED = "Unresolved resource dependencies [Q] in the Resources block"
REFUSED = {
    "an attribute that the type has not": (topic({"Fn::GetAtt": ["Q", "Nope"]}), "does not support attribute type Nope in Fn::GetAtt"),
    "the same in an output": ({"Resources": {"Q": queue()}, "Outputs": {"O": {"Value": {"Fn::GetAtt": "Q.Nope"}}}}, "attribute type Nope"),
    "an attribute of what is not there": (topic(ATTRIBUTE, **NEVER), UNRESOLVED),
    "a reference to what is not there": (topic({"Fn::Sub": "a-${Q}"}, **NEVER), UNRESOLVED),
    "the same in an output without a condition": (
        {"Resources": {"Q": queue(Condition="C"), "R": queue()}, "Outputs": {"O": {"Value": {"Ref": "Q"}}}, **NEVER},
        "Unresolved resource dependencies [Q] in the Outputs block"),
    "a resource that nothing is called": (topic({"Fn::GetAtt": ["X", "Arn"]}), "X"),
    "join": (named({"Fn::Join": ["-"]}), "every Fn::Join object requires"),
    "join of a text": (named({"Fn::Join": ["-", "a"]}), "every Fn::Join object requires"),
    "select": (named({"Fn::Select": ["0"]}), "every Fn::Select object requires"),
    "find in map": (named({"Fn::FindInMap": ["M", "a"]}), "every Fn::FindInMap object requires"),
    "no mapping": (named({"Fn::FindInMap": ["M", "a", "b"]}), "Mapping named 'M' is not present"),
    "sub": (named({"Fn::Sub": ["a"]}), "every Fn::Sub object requires"),
    "split": (named({"Fn::Select": [0, {"Fn::Split": ["a"]}]}), "every Fn::Split object requires"),
    "base64": (named({"Fn::Base64": ["a"]}), "every Fn::Base64 object requires"),
    "an unknown function": (named({"Fn::Nope": "a"}), "Fn::Nope"),
    "a condition that nothing is called": ({"Resources": {"Q": queue(Condition="X")}}, "condition dependency X"),
    "the same in Fn::If": (named({"Fn::If": ["X", "a", "b"]}), "condition dependency X"),
    "conditions in a circle": ({"Conditions": {"A": {"Condition": "B"}, "B": {"Condition": "A"}}, "Resources": {"Q": queue()}}, "circle"),
    "a deletion policy": ({"Resources": {"Q": queue(DeletionPolicy="Bogus")}}, "Bogus"),
    "an attribute of resources": ({"Resources": {"Q": queue(Foo="a")}}, "Foo"),
    "a version": ({"AWSTemplateFormatVersion": "2011-01-01", "Resources": {"Q": queue()}}, "2011-01-01"),
    "nothing": (named(None), "null"),
}
for name, (template, words) in REFUSED.items():
    for call, more in ((cfn.create_stack, {"StackName": "none"}), (cfn.validate_template, {})):
        if call == cfn.validate_template and "not there" in name or "without a condition" in name and not more:
            continue  # It has no values of parameters to decide with.
        try:
            call(TemplateBody=json.dumps(template), **more)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ValidationError", (name, error)
            assert words in error.response["Error"]["Message"], (name, error)
        else:
            raise AssertionError(f"{name} is not refused")
assert not cfn.describe_stacks()["Stacks"]

# What exists may refer to what does not, in a branch that is not taken.
taken = topic({"Fn::If": ["C", ATTRIBUTE, "none"]}, **NEVER)
taken["Outputs"] = {"O": {"Condition": "C", "Value": ATTRIBUTE}}
cfn.create_stack(StackName="some", TemplateBody=json.dumps(taken))

# One template, and only one.
for more, words in (({}, "Either Template URL or Template Body"), ({"UsePreviousTemplate": True, "TemplateBody": "{}"}, "both")):
    for call, needed in ((cfn.update_stack, {}), (cfn.create_change_set, {"ChangeSetName": "c"})):
        try:
            call(StackName="some", **needed, **more)
        except ClientError as error:
            assert words in error.response["Error"]["Message"], error
        else:
            raise AssertionError(f"{more} is not refused")

# Names that AWS makes fit the service. [doc: S3, bucket naming rules]
long = {"Resources": {"B" * 100: {"Type": "AWS::S3::Bucket"}}, "Outputs": {"Name": {"Value": {"Ref": "B" * 100}}}}
cfn.create_stack(StackName="long", TemplateBody=json.dumps(long))
cfn.get_waiter("stack_create_complete").wait(StackName="long", WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
made = cfn.describe_stacks(StackName="long")["Stacks"][0]["Outputs"][0]["OutputValue"]
assert len(made) <= 63 and made == made.lower(), made

summary = cfn.get_template_summary(TemplateBody=json.dumps({
    "Parameters": {"P": {"Type": "String", "AllowedValues": ["a", "b"]}}, "Resources": {"Q": queue()}}))
assert summary["Version"] == "2010-09-09", summary
assert summary["Parameters"][0]["ParameterConstraints"] == {"AllowedValues": ["a", "b"]}, summary
china = boto3.client("sts", endpoint_url=sys.argv[1], region_name="cn-north-1", aws_access_key_id="111111111111",
                     aws_secret_access_key="x")
assert china.get_caller_identity()["Arn"].startswith("arn:aws-cn:iam::"), china.get_caller_identity()
print("templates: done")
