"""Nested stacks, and change sets that include them: with boto3."""

import itertools
import json
import urllib.request

import account
import boto3
from account import ENDPOINT, KEYS, WHERE, cfn, clear, detected, events, fault, reasons, settled, stack, wait
from answers import refused

s3 = boto3.client("s3", **WHERE, **KEYS)
BUCKET = "nested-templates"
NUMBERS = itertools.count()
s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def store(key, **template):
    """Puts a template into the bucket, and gives its URL at AWS."""
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(template).encode())
    return f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/{key}"


def topics(name="Topic", count=1):
    return {f"{name}{number}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Text"}}} for number in range(count)}


def leaf(key, text="default", count=1, **more):
    parameters = {"Text": {"Type": "String", "Default": text}}
    outputs = {"Arn": {"Value": {"Ref": "Topic0"}}, "Text": {"Value": {"Ref": "Text"}}}
    return store(key, Parameters=parameters, Resources=topics(count=count) | more, Outputs=outputs)


def nested(url, text=None, policies=None, **properties):
    given = {"Parameters": {"Text": text}} if text is not None else {}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, **given, **properties}, **(policies or {})}


def parent(outputs=True, **resources):
    shown = {"Arn": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Arn"]}}, "Text": {"Value": {"Fn::Sub": "${Inner.Outputs.Text}"}}}
    return json.dumps({"Resources": resources, **({"Outputs": shown} if outputs else {})})


def create(name, body, status="CREATE_COMPLETE", **more):
    cfn.create_stack(StackName=name, TemplateBody=body, **more)
    return settled(name, status)


def update(name, body, status="UPDATE_COMPLETE", **more):
    cfn.update_stack(StackName=name, TemplateBody=body, **more)
    return settled(name, status)


def inner(name, logical="Inner"):
    return cfn.describe_stack_resource(StackName=name, LogicalResourceId=logical)["StackResourceDetail"]


def outputs(name):
    return {one["OutputKey"]: one["OutputValue"] for one in stack(name).get("Outputs", [])}


def statuses(name):
    """The statuses of a stack itself, oldest first."""
    return [one["ResourceStatus"] for one in reversed(events(name)) if one.get("PhysicalResourceId") == one["StackId"]]


def reason(name, logical, status):
    found = [one["ResourceStatusReason"] for one in events(name)
             if one["LogicalResourceId"] == logical and one["ResourceStatus"] == status]
    assert found, (logical, status, reasons(name))
    return found[0]


def deleted(name):
    return wait(lambda: stack(name)["StackStatus"] == "DELETE_COMPLETE", f"the deletion of {name}")


# Creation: a stack of its own, with what its parent gives it.
url = leaf("leaf.json")
root = create("web", parent(Inner=nested(url, "hello", Tags=[{"Key": "own", "Value": "1"}])), Tags=[{"Key": "all", "Value": "2"}],
              ClientRequestToken="first")
one = stack(inner("web")["PhysicalResourceId"])
assert one["StackName"].startswith("web-Inner-") and one["StackId"] == inner("web")["PhysicalResourceId"]
assert one["ParentId"] == one["RootId"] == root["StackId"] and "ParentId" not in root and "RootId" not in root
assert {(tag["Key"], tag["Value"]) for tag in one["Tags"]} == {("own", "1"), ("all", "2")}
assert one["Parameters"] == [{"ParameterKey": "Text", "ParameterValue": "hello"}]
assert outputs("web") == {"Arn": outputs(one["StackId"])["Arn"], "Text": "hello"}, outputs("web")
assert {event["ClientRequestToken"] for event in events(one["StackName"])} == {"first"}
told = [(event["ResourceStatus"], event.get("ResourceStatusReason")) for event in reversed(events("web"))
        if event["LogicalResourceId"] == "Inner"]
assert told == [("CREATE_IN_PROGRESS", None), ("CREATE_IN_PROGRESS", "Resource creation Initiated"), ("CREATE_COMPLETE", None)], told
listed = cfn.get_paginator("list_stacks").paginate().build_full_result()["StackSummaries"]
assert {one["StackName"]: one.get("ParentId") for one in listed} == {"web": None, one["StackName"]: root["StackId"]}
refused("ValidationError", "root stack", cfn.update_termination_protection, StackName=one["StackName"], EnableTerminationProtection=True)
assert detected("web")["DriftedStackResourceCount"] == 0
assert cfn.describe_stack_resource_drifts(StackName="web")["StackResourceDrifts"] == []

# An update goes down where something differs, and a nested stack cleans up after its root.
update("web", parent(Inner=nested(url, "hello"), More={"Type": "AWS::SNS::Topic"}), Tags=[{"Key": "all", "Value": "2"}])
update("web", parent(Inner=nested(url, "bye"), More={"Type": "AWS::SNS::Topic"}))
assert outputs("web")["Text"] == "bye" and stack(one["StackName"])["StackStatus"] == "UPDATE_COMPLETE"
before = len(events(one["StackName"]))
update("web", parent(Inner=nested(url, "bye")))
assert len(events(one["StackName"])) == before and reasons("web")
leaf("leaf.json", count=2)
update("web", parent(Inner=nested(url, "bye")))
assert len(cfn.list_stack_resources(StackName=one["StackName"])["StackResourceSummaries"]) == 2
leaf("leaf.json", count=1)
update("web", parent(Inner=nested(url, "bye")))
cleaned = next(event["Timestamp"] for event in events(one["StackName"]) if event["ResourceStatus"] == "DELETE_IN_PROGRESS")
assert cleaned >= next(event["Timestamp"] for event in events("web") if event["ResourceStatus"] == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
assert statuses(one["StackName"])[-3:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]

# What a nested stack cannot do is taken back in it and in its parent, and in the ones next to it.
leaf("leaf.json", count=2)
other = leaf("other.json")
body = lambda text: parent(Inner=nested(url, text), Other=nested(other, text), Late={
    "Type": "AWS::SNS::Topic", "DependsOn": ["Inner", "Other"], "Properties": {"DisplayName": text}})
update("web", body("one"))
fault(fault="resource-fails", stack=one["StackName"], resource="Topic1", during="update", reason="no")
update("web", body("two"), "UPDATE_ROLLBACK_COMPLETE")
assert reason("web", "Inner", "UPDATE_FAILED") == (
    f"Embedded stack {one['StackId']} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: The "
    "following resource(s) failed to update: [Topic1]."), reasons("web")
assert stack(one["StackName"])["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE" and outputs("web")["Text"] == "one"
assert stack(inner("web", "Other")["PhysicalResourceId"])["StackStatus"] in ("UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE")
fault(fault="resource-fails", stack="web", resource="Late", during="update", reason="no")
update("web", body("three"), "UPDATE_ROLLBACK_COMPLETE")
for logical in ("Inner", "Other"):
    at = inner("web", logical)["PhysicalResourceId"]
    assert stack(at)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE" and outputs(at)["Text"] == "one"
    assert statuses(at)[-4:] == ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS",
                                 "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"], statuses(at)

# A rollback that fails deep inside stops everything, and goes on from the root.
fault(fault="resource-fails", stack="web", resource="Late", during="update", reason="no")
fault(fault="resource-fails", stack=one["StackName"], resource="Topic0", during="rollback", reason="stuck")
update("web", body("four"), "UPDATE_ROLLBACK_FAILED")
assert stack(one["StackName"])["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
cfn.continue_update_rollback(StackName="web")
settled("web", "UPDATE_ROLLBACK_COMPLETE")
assert stack(one["StackName"])["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE" and outputs("web")["Text"] == "one"
fault(fault="resource-fails", stack="web", resource="Late", during="update", reason="no")
fault(fault="resource-fails", stack=one["StackName"], resource="Topic0", during="rollback", reason="stuck")
update("web", body("five"), "UPDATE_ROLLBACK_FAILED")
for wrong in ("Topic1", "Nothing"):
    refused("ValidationError", wrong, cfn.continue_update_rollback, StackName="web", ResourcesToSkip=[f"{one['StackName']}.{wrong}"])
refused("ValidationError", "other.Topic0", cfn.continue_update_rollback, StackName="web", ResourcesToSkip=["other.Topic0"])
cfn.continue_update_rollback(StackName="web", ResourcesToSkip=[f"{one['StackName']}.Topic0"])
settled("web", "UPDATE_ROLLBACK_COMPLETE")
assert "Resource skipped by ContinueUpdateRollback" in reasons(one["StackName"])
assert stack(one["StackName"])["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE" and outputs("web")["Text"] == "one"

# A nested stack that leaves the template goes, and one that is retained stays.
at = inner("web", "Other")["PhysicalResourceId"]
update("web", parent(Inner=nested(url, "one", policies={"DeletionPolicy": "Retain"})))
assert stack(at)["StackStatus"] == "DELETE_COMPLETE"
cfn.delete_stack(StackName="web")
deleted(root["StackId"])
assert stack(one["StackName"])["StackStatus"].endswith("_COMPLETE") and stack(one["StackName"])["StackStatus"] != "DELETE_COMPLETE"
cfn.delete_stack(StackName=one["StackName"])
deleted(one["StackId"])

# Creations that fail, in AWS's words; the root's rollback deletes the nested stack.
fault(fault="resource-fails", stack="fails", resource="Inner", during="create", reason="no")
create("fails", parent(Inner=nested(url)), "ROLLBACK_COMPLETE")
iam = store("iam.json", Resources={"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}}})
for name, wrong, words in (
    ("no-right", nested(iam), "Requires capabilities : [CAPABILITY_IAM]"),
    ("no-object", nested(url + "x"), "S3 error: The specified key does not exist."),
    ("no-parameter", nested(url, Parameters={"Wrong": "1"}), "Parameters: [Wrong] do not exist in the template"),
    ("a-list", nested(url, ["a"]), "Value of property Parameters must be an object with String (or simple type) properties"),
    ("no-url", nested("file://x"), "TemplateURL must be a supported URL."),
    ("elsewhere", nested(f"http://example.com/{BUCKET}/leaf.json"), "TemplateURL must be a supported URL."),
):
    create(name, parent(outputs=False, Inner=wrong), "ROLLBACK_COMPLETE")
    assert reason(name, "Inner", "CREATE_FAILED").startswith(words), reasons(name)
create("right", parent(outputs=False, Inner=nested(iam)), Capabilities=["CAPABILITY_IAM"])
create("a" * 128, parent(Inner=nested(url)))
assert len(stack(inner("a" * 128)["PhysicalResourceId"])["StackName"]) == 128
own = f"{ENDPOINT}/{BUCKET}/leaf.json"
create("packaged", parent(Inner=nested(own)))
create("no-output", json.dumps({"Resources": {"Inner": nested(url)}, "Outputs": {"A": {"Value": {"Fn::GetAtt": "Inner.Outputs.No"}}}}),
       "ROLLBACK_COMPLETE")
# Of another stack's failure this one hears by its parent only.
broken = store("broken.json", Resources={
    "Fine": {"Type": "AWS::SNS::Topic"}, "Bad": {"Type": "AWS::SQS::Queue", "DependsOn": "Fine", "Properties": {"Nothing": 1}}})
made = cfn.create_stack(StackName="broken", TemplateBody=parent(outputs=False, Inner=nested(broken)))["StackId"]
settled("broken", "ROLLBACK_COMPLETE")
at = inner("broken")["PhysicalResourceId"]
assert reason("broken", "Inner", "CREATE_FAILED") == (
    f"Embedded stack {at} was not successfully created: The following resource(s) failed to create: [Bad]."), reasons("broken")
assert statuses(at) == ["CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"], statuses(at)
create("kept", parent(outputs=False, Inner=nested(broken)), "CREATE_FAILED", OnFailure="DO_NOTHING")
assert stack(inner("kept")["PhysicalResourceId"])["StackStatus"] == "CREATE_FAILED"

# Deletions that fail inside, and that are tried again: a resource that stays, an export that others use.
export = store("export.json", Resources={"Topic": {"Type": "AWS::SNS::Topic"}}, Outputs={
    "Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": "topic-of-inner"}}})
create("hard", parent(outputs=False, Inner=nested(export)))
at = inner("hard")["PhysicalResourceId"]
create("uses", json.dumps({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {
    "DisplayName": {"Fn::ImportValue": "topic-of-inner"}}}}}))
cfn.delete_stack(StackName="hard")
settled("hard", "DELETE_FAILED")
assert reason("hard", "Inner", "DELETE_FAILED") == (
    f"Embedded stack {at} was not successfully deleted: Export topic-of-inner cannot be deleted as it is in use by uses")
uses = stack("uses")["StackId"]
cfn.delete_stack(StackName="uses")
deleted(uses)
fault(fault="resource-fails", stack=stack(at)["StackName"], resource="Topic", during="delete", reason="no")
cfn.delete_stack(StackName="hard")
settled("hard", "DELETE_FAILED")
assert reason("hard", "Inner", "DELETE_FAILED").endswith("deleted: The following resource(s) failed to delete: [Topic].")
identity = stack("hard")["StackId"]
cfn.delete_stack(StackName="hard")
deleted(identity)
deleted(at)

# Without a rollback everything stays until it is rolled back, or updated again.
for name, goes_on in (("stays", lambda: cfn.rollback_stack(StackName="stays")),
                      ("again", lambda: cfn.update_stack(StackName="again", TemplateBody=both("c")))):
    both = lambda text: parent(Inner=nested(url, text), Other=nested(other, text, policies={"DependsOn": "Inner"}))
    create(name, both("a"))
    at, second = (inner(name, logical)["PhysicalResourceId"] for logical in ("Inner", "Other"))
    fault(fault="resource-fails", stack=stack(second)["StackName"], resource="Topic0", during="update", reason="no")
    update(name, both("b"), "UPDATE_FAILED", DisableRollback=True)
    assert stack(second)["StackStatus"] == "UPDATE_FAILED"
    assert stack(at)["StackStatus"] == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    goes_on()
    ended = "UPDATE_COMPLETE" if name == "again" else "UPDATE_ROLLBACK_COMPLETE"
    settled(name, ended)
    assert (stack(at)["StackStatus"], stack(second)["StackStatus"]) == (ended, ended), reasons(at)
    assert outputs(at)["Text"] == outputs(second)["Text"] == ("c" if name == "again" else "a")

# An update that is cancelled while a nested stack is in the middle of its own; and a creation that is deleted there.
thing = {"Thing": {"Type": "Custom::Thing", "Properties": {
    "ServiceToken": "arn:aws:lambda:eu-west-1:111111111111:function:provider", "Text": {"Ref": "Text"}}}}
slow = leaf("slow.json", **thing)


def answered(name, kind):
    """Answers the provider's request of a nested stack."""
    def found():
        every = json.load(urllib.request.urlopen(ENDPOINT + "/_landfall/custom-resources"))
        own = [one for one in every if f":stack/{name}-Inner-" in one["StackId"] and one["RequestType"] == kind]
        return own[0] if own else None
    request = wait(found, kind)
    words = {"Status": "SUCCESS", "PhysicalResourceId": request.get("PhysicalResourceId", "thing"),
             **{key: request[key] for key in ("StackId", "RequestId", "LogicalResourceId")}}
    urllib.request.urlopen(urllib.request.Request(request["ResponseURL"], json.dumps(words).encode(), method="PUT"))


cfn.create_stack(StackName="slow", TemplateBody=parent(Inner=nested(slow, "a")))
answered("slow", "Create")
settled("slow", "CREATE_COMPLETE")
at = inner("slow")["PhysicalResourceId"]
cfn.update_stack(StackName="slow", TemplateBody=parent(Inner=nested(slow, "b")))
wait(lambda: any(event["ResourceStatus"] == "UPDATE_IN_PROGRESS" and event["LogicalResourceId"] == "Thing" for event in events(at)), "it")
cfn.cancel_update_stack(StackName="slow")
answered("slow", "Update")
settled("slow", "UPDATE_ROLLBACK_COMPLETE")
assert stack(at)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE" and outputs("slow")["Text"] == "a", reasons(at)
identity = cfn.create_stack(StackName="brief", TemplateBody=parent(Inner=nested(slow, "a")))["StackId"]
at = wait(lambda: inner("brief").get("PhysicalResourceId") if events("brief")[0]["LogicalResourceId"] == "Inner" else None, "it")
wait(lambda: any(event["LogicalResourceId"] == "Thing" for event in events(at)), "it")
cfn.delete_stack(StackName="brief")
answered("brief", "Delete")
deleted(identity)
deleted(at)
late = json.dumps({"Resources": {"Inner": nested(slow, "a", TimeoutInMinutes=1)}})
assert cfn.create_stack(StackName="timed", TemplateBody=late)
at = wait(lambda: inner("timed").get("PhysicalResourceId") if events("timed")[0]["LogicalResourceId"] == "Inner" else None, "it")
assert stack(at)["TimeoutInMinutes"] == 1
answered("timed", "Create")
settled("timed", "CREATE_COMPLETE")

# A template that contains itself comes to an end.
itself = f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/itself.json"
store("itself.json", Resources={"Again": nested(itself)})
create("endless", json.dumps({"Resources": {"Again": nested(itself)}}), "ROLLBACK_COMPLETE")
assert any("nested deeper than the maximum" in event.get("ResourceStatusReason", "") for one in
           cfn.get_paginator("list_stacks").paginate().build_full_result()["StackSummaries"]
           if one["StackName"].startswith("endless-Again") for event in events(one["StackId"])), "the reason"

broad = f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/broad.json"
many = {"Resources": {f"Again{number}": nested(broad) for number in range(300)}}
store("broad.json", **many)
create("broad", json.dumps(many), "ROLLBACK_COMPLETE")
assert any("greater than maximum allowed, 2500" in one for one in reasons("broad")), "the reason"

# Two levels: the root of all is the outermost, and outputs come up.
middle = store("middle.json", Resources={"Inner": nested(url, "deep")}, Outputs={
    "Arn": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Arn"]}}, "Text": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Text"]}}})
root = create("deep", parent(Inner=nested(middle)))
second = stack(inner("deep")["PhysicalResourceId"])
third = stack(inner(second["StackName"])["PhysicalResourceId"])
assert (third["ParentId"], third["RootId"]) == (second["StackId"], root["StackId"]) and outputs("deep")["Text"] == "deep"
leaf("leaf.json", text="x", count=3)
update("deep", parent(Inner=nested(middle)))
assert len(cfn.list_stack_resources(StackName=third["StackName"])["StackResourceSummaries"]) == 3
cfn.delete_stack(StackName="deep")
for at in (root, second, third):
    deleted(at["StackId"])

# A change set cannot see into nested stacks unless it includes them. [doc: ResourceChangeDetail]
leaf("leaf.json")
root = create("sets", parent(Inner=nested(url, "a")))
made = account.change_set("sets", ChangeSetName="plain", TemplateBody=parent(Inner=nested(url, "a")))
row = made["Changes"][0]["ResourceChange"]
assert (row["LogicalResourceId"], row["Action"], row["Replacement"]) == ("Inner", "Modify", "False"), row
assert [(detail["ChangeSource"], detail["Evaluation"]) for detail in row["Details"]] == [("Automatic", "Dynamic")], row
cfn.execute_change_set(StackName="sets", ChangeSetName="plain")
settled("sets", "UPDATE_COMPLETE")
clear()


def rows(found):
    return {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in found["Changes"]}


def described(row):
    return cfn.describe_change_set(ChangeSetName=row["ChangeSetId"])


def gone(row):
    refused("ChangeSetNotFound", "does not exist", cfn.describe_change_set, ChangeSetName=row["ChangeSetId"])


def including(name, body, **more):
    return account.change_set(name, ChangeSetName=f"all-{next(NUMBERS)}", TemplateBody=body, IncludeNestedStacks=True, **more)


# Nothing to do in a nested stack is nothing to do.
made = including("sets", parent(Inner=nested(url, "a")))
assert made["Status"] == "FAILED" and "didn't contain changes" in made["StatusReason"], made
cfn.delete_change_set(ChangeSetName=made["ChangeSetId"])

# One level, in place: the rows of the nested stack are in a change set of its own.
made = including("sets", parent(Inner=nested(url, "b")))
assert made["Status"] == "CREATE_COMPLETE" and made["IncludeNestedStacks"] is True and "ParentChangeSetId" not in made, made
row = rows(made)["Inner"]
own = described(row)
assert own["StackId"] == inner("sets")["PhysicalResourceId"] and own["IncludeNestedStacks"] is True
assert own["ParentChangeSetId"] == own["RootChangeSetId"] == made["ChangeSetId"], own
assert own["Parameters"] == [{"ParameterKey": "Text", "ParameterValue": "b"}]
assert rows(own)["Topic0"]["Action"] == "Modify", own
assert cfn.list_change_sets(StackName=own["StackId"])["Summaries"][0]["RootChangeSetId"] == made["ChangeSetId"]
refused("InvalidChangeSetStatus", "root change set", cfn.execute_change_set, ChangeSetName=own["ChangeSetId"])
refused("InvalidChangeSetStatus", "root change set", cfn.delete_change_set, ChangeSetName=own["ChangeSetId"])
cfn.execute_change_set(ChangeSetName=made["ChangeSetId"])
settled("sets", "UPDATE_COMPLETE")
assert outputs("sets")["Text"] == "b" and described(row)["ExecutionStatus"] == "EXECUTE_COMPLETE"

# A nested stack that is new is in review until the change set of the root is executed, or deleted.
more = parent(Inner=nested(url, "b"), Second=nested(middle))
made = including("sets", more)
assert sorted(rows(made)) == ["Second"] and rows(made)["Second"]["Action"] == "Add", made
first = described(rows(made)["Second"])
below = described(rows(first)["Inner"])
assert stack(first["StackId"])["StackStatus"] == stack(below["StackId"])["StackStatus"] == "REVIEW_IN_PROGRESS"
assert below["RootChangeSetId"] == made["ChangeSetId"] and below["ParentChangeSetId"] == first["ChangeSetId"]
assert stack(below["StackId"])["ParentId"] == first["StackId"] and stack(below["StackId"])["RootId"] == root["StackId"]
assert rows(below)["Topic0"]["Action"] == "Add" and first["StackName"].startswith("sets-Second-")
cfn.delete_change_set(ChangeSetName=made["ChangeSetId"])
gone(rows(made)["Second"])
deleted(first["StackId"])
deleted(below["StackId"])
made = including("sets", more)
first = described(rows(made)["Second"])
below = described(rows(first)["Inner"])
cfn.execute_change_set(ChangeSetName=made["ChangeSetId"])
settled("sets", "UPDATE_COMPLETE")
assert inner("sets", "Second")["PhysicalResourceId"] == first["StackId"]
assert inner(first["StackId"])["PhysicalResourceId"] == below["StackId"]
assert stack(below["StackId"])["StackStatus"] == "CREATE_COMPLETE"

# What another nested stack only gives in the end is not known yet.
passed = {"Fn::GetAtt": ["Second", "Outputs.Arn"]}
leaf("leaf.json", count=1, text="other")
made = including("sets", parent(Inner=nested(url, passed), Second=nested(middle)))
assert made["Status"] == "CREATE_COMPLETE", made
cfn.execute_change_set(ChangeSetName=made["ChangeSetId"])
settled("sets", "UPDATE_COMPLETE")
assert outputs("sets")["Text"] == outputs(first["StackId"])["Arn"]

# The whole stack by a change set, as the CDK does it.
made = including("fresh", parent(Inner=nested(url, "x")), ChangeSetType="CREATE")
below = described(rows(made)["Inner"])
cfn.execute_change_set(ChangeSetName=made["ChangeSetId"])
settled("fresh", "CREATE_COMPLETE")
assert inner("fresh")["PhysicalResourceId"] == below["StackId"] and outputs("fresh")["Text"] == "x"
made = including("unused", parent(Inner=nested(url, "x")), ChangeSetType="CREATE")
below = described(rows(made)["Inner"])
unused = stack("unused")["StackId"]
cfn.delete_stack(StackName="unused")
deleted(unused)
deleted(below["StackId"])

# A nested stack that cannot be stops the change set of the root.
made = including("sets", parent(Inner=nested(url, "b", Parameters={"Wrong": "1"}), Second=nested(middle)))
assert made["Status"] == "FAILED" and "Parameters: [Wrong] do not exist" in made["StatusReason"], made
cfn.delete_change_set(ChangeSetName=made["ChangeSetId"])
made = including("sets", parent(Inner=nested(url, "b"), Second=nested(middle), Third=nested(itself)))
assert made["Status"] == "FAILED" and "nested deeper" in made["StatusReason"] and "Nested change set" in made["StatusReason"], made
cfn.delete_change_set(ChangeSetName=made["ChangeSetId"])
reviewed = [one["StackName"] for one in cfn.get_paginator("list_stacks").paginate(StackStatusFilter=["REVIEW_IN_PROGRESS"])
            .build_full_result()["StackSummaries"]]
assert reviewed == [], reviewed
refused("ValidationError", "REVERT_DRIFT", cfn.create_change_set, StackName="sets", ChangeSetName="drift", UsePreviousTemplate=True,
        IncludeNestedStacks=True, DeploymentMode="REVERT_DRIFT")
made = account.change_set("sets", ChangeSetName="drift", UsePreviousTemplate=True, DeploymentMode="REVERT_DRIFT")
assert made["StackDriftStatus"] == "IN_SYNC" and rows(made)["Inner"]["ResourceDriftStatus"] == "UNSUPPORTED", made
print("nested: done")
