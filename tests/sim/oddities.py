"""What an enemy of the simulated account does: failures and hands at bad moments, and input that is nothing. With boto3."""

import itertools
import json
import urllib.error
import urllib.request

import account
from account import ENDPOINT, by_hand, cfn, clear, detected, ecs, fault, settled, wait
from answers import refused

NUMBERS = itertools.count()


def fails(stack, resource, during):
    fault(fault="resource-fails", stack=stack, resource=resource, during=during, reason="no")


def nonsense(code, part, operation, **words):
    """A call of ECS that boto3 would not make: it is refused with this code, and with these words among others."""
    scope = "AWS4-HMAC-SHA256 Credential=111111111111/20261123/eu-west-1/ecs/aws4_request"
    headers = {"X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}", "Authorization": scope}
    try:
        urllib.request.urlopen(urllib.request.Request(ENDPOINT, json.dumps(words).encode(), headers))
    except urllib.error.HTTPError as error:
        got = json.loads(error.read())
        assert got["__type"] == code and part in got["message"], got
        return
    raise AssertionError(f"{operation} {words} was not refused")


def logs(days=30, **more):
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": days}, **more}


def task(image="web:1"):
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "Family": "web", "ContainerDefinitions": [{"Name": "app", "Image": image, "Memory": 128}]}}


def service(count=1, **more):
    return {"Type": "AWS::ECS::Service", "Properties": {
        "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": count, **more}}


def body(**resources):
    return json.dumps({"Resources": resources})


def create(name, template, status="CREATE_COMPLETE", **more):
    cfn.create_stack(StackName=name, TemplateBody=template, **more)
    return settled(name, status)


def update(name, template, status="UPDATE_COMPLETE", **more):
    cfn.update_stack(StackName=name, TemplateBody=template, **more)
    return settled(name, status)


def change_set(name, template, **more):
    return account.change_set(name, ChangeSetName=f"c{next(NUMBERS)}", TemplateBody=template, **more)


def revert(name, template, status=None):
    found = change_set(name, template, DeploymentMode="REVERT_DRIFT")
    assert found["Status"] == "CREATE_COMPLETE", found
    if status:
        cfn.execute_change_set(ChangeSetName=found["ChangeSetId"])
        settled(name, status)
    rows = [row["ResourceChange"] for row in found["Changes"]]
    return {row["LogicalResourceId"]: (row["Action"], row.get("ResourceDriftStatus")) for row in rows}


def drifts(name):
    detected(name)
    found = cfn.describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
    return {row["LogicalResourceId"]: row["StackResourceDriftStatus"] for row in found}


def arn(name, logical="Service"):
    return cfn.describe_stack_resource(StackName=name, LogicalResourceId=logical)["StackResourceDetail"]["PhysicalResourceId"]


# A failed update is still to be done.
create("again", body(Task=task(), Service=service()))
fails("again", "Service", "update")
second = body(Task=task("web:2"), Service=service())
update("again", second, "UPDATE_FAILED", DisableRollback=True)
update("again", second)
running = ecs.describe_services(cluster="main", services=[arn("again")])["services"][0]["taskDefinition"]
assert running == arn("again", "Task"), running

# What never was has nothing to go back to, and has not drifted.
fails("never", "Z", "create")
create("never", body(L=logs(), Z=logs(DependsOn="L")), "CREATE_FAILED", DisableRollback=True)
fails("never", "Q", "create")
update("never", body(L=logs(7), Z=logs(DependsOn="L"), Q=logs(DependsOn="Z")), "UPDATE_ROLLBACK_COMPLETE")

# Change sets of stacks that are gone, or partly gone.
create("gone", body(L=logs()))
old = change_set("gone", body(L=logs(7)))["ChangeSetId"]
cfn.delete_stack(StackName="gone")
wait(lambda: all(one["StackName"] != "gone" for one in cfn.describe_stacks()["Stacks"]), "the deletion")
refused("ChangeSetNotFound", "does not exist", cfn.execute_change_set, ChangeSetName=old)
create("half", body(A=logs(), B=logs()))
old = change_set("half", body(A=logs(), B=logs(7)))["ChangeSetId"]
fails("half", "A", "delete")
cfn.delete_stack(StackName="half")
settled("half", "DELETE_FAILED")
refused("ValidationError", "can not be updated", cfn.execute_change_set, ChangeSetName=old)

# A service that is deleted while a stack waits for it.
create("lost", body(Task=task(), Service=service()))
fault(fault="image-hangs", image="web:2")
cfn.update_stack(StackName="lost", TemplateBody=body(Task=task("web:2"), Service=service()))
wait(lambda: ecs.describe_services(cluster="main", services=[arn("lost")])["services"][0]["pendingCount"], "the new task")
refused("ValidationError", "cannot be deleted while in status UPDATE_IN_PROGRESS", cfn.delete_stack, StackName="lost")
ecs.delete_service(cluster="main", service=arn("lost"), force=True)
settled("lost", "UPDATE_ROLLBACK_FAILED")
clear()

# The rollback of a drift-aware change set leaves the drift as it was.
both = lambda days: body(L=logs(), Z=logs(days, DependsOn="L"))
for name, deed, status in (("back", {"set": {"RetentionInDays": 1}}, "MODIFIED"), ("void", {"delete": True}, "DELETED")):
    create(name, both(30))
    by_hand(name, "L", **deed)
    fails(name, "Z", "update")
    revert(name, both(7), "UPDATE_ROLLBACK_COMPLETE")
    assert drifts(name) == {"L": status, "Z": "IN_SYNC"}, (name, drifts(name))
    refused("ValidationError", "No updates", cfn.update_stack, StackName=name, TemplateBody=both(30))
    revert(name, both(30), "UPDATE_COMPLETE")
    assert drifts(name) == {"L": "IN_SYNC", "Z": "IN_SYNC"}, (name, drifts(name))
by_hand("void", "L", delete=True)
assert revert("void", body(Z=logs()), "UPDATE_COMPLETE")["L"] == ("Remove", "DELETED")
assert drifts("void") == {"Z": "IN_SYNC"}

# The order of tags means nothing.
tags = [{"Key": "z", "Value": "1"}, {"Key": "a", "Value": "2"}]
create("tags", body(Task=task(), Service=service(Tags=tags)))
ecs.tag_resource(resourceArn=arn("tags"), tags=[{"key": "z", "value": "1"}])
assert set(drifts("tags").values()) == {"IN_SYNC"}, drifts("tags")

# A policy holds what a condition takes away.
statement = lambda effect, action: {"Effect": effect, "Action": action, "Principal": "*", "Resource": "*"}
policy = lambda *all: json.dumps({"Statement": list(all)})
maybe = json.dumps({
    "Parameters": {"P": {"Type": "String"}}, "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "y"]}},
    "Resources": {"L": logs(Condition="C"), "K": logs()}})
given = lambda value: [{"ParameterKey": "P", "ParameterValue": value}]
create("held", maybe, Parameters=given("y"), StackPolicyBody=policy(statement("Allow", "Update:*"), statement("Deny", "Update:Delete")))
update("held", maybe, "UPDATE_ROLLBACK_COMPLETE", Parameters=given("n"))
for wrong in (5, "s3:*", "Update:Bogus", ["Update:Modify", 1]):
    refused("ValidationError", "stack policy", cfn.set_stack_policy, StackName="held", StackPolicyBody=policy(statement("Allow", wrong)))
for more in ({"Resource": {}}, {"NotAction": "Update:*"}, {"Condition": 5}, {"Condition": {"Bool": {"a": "b"}}}):
    wrong = policy(statement("Allow", "Update:*") | more)
    refused("ValidationError", "stack policy", cfn.set_stack_policy, StackName="held", StackPolicyBody=wrong)

# Triggers that are not said stay.
trigger = {"Arn": "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:x", "Type": "AWS::CloudWatch::Alarm"}
create("kept", body(L=logs()), RollbackConfiguration={"RollbackTriggers": [trigger]})
stack = update("kept", body(L=logs(7)), RollbackConfiguration={"MonitoringTimeInMinutes": 0})
assert stack["RollbackConfiguration"]["RollbackTriggers"] == [trigger], stack

# A stack that only awaits a review imports nothing.
giver = json.dumps({"Resources": {"L": logs()}, "Outputs": {"O": {"Value": {"Ref": "L"}, "Export": {"Name": "x"}}}})
create("giver", giver)
taker = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": ["${x}-2", {"x": {"Fn::ImportValue": "x"}}]}}}
change_set("taker", body(M=taker), ChangeSetType="CREATE")
refused("ValidationError", "not imported", cfn.list_imports, ExportName="x")

# Nonsense for ECS.
own = {"cluster": "main", "service": arn("tags")}
for member, value in (("desiredCount", "abc"), ("desiredCount", 2.5), ("forceNewDeployment", "yes"), ("taskDefinition", 5),
                      ("loadBalancers", "x"), ("loadBalancers", [None]), ("deploymentConfiguration", "x"), ("networkConfiguration", [])):
    nonsense("SerializationException", member, "UpdateService", **own, **{member: value})
for member, value in (("desiredCount", -1), ("desiredCount", 2_000_000_000), ("propagateTags", "BOGUS"),
                      ("availabilityZoneRebalancing", "foo"), ("deploymentConfiguration", {"bogus": 1})):
    nonsense("InvalidParameterException", "", "UpdateService", **own, **{member: value})
ecs.describe_services(cluster="main", services=[arn("tags")])
new = {"cluster": "main", "serviceName": "new", "taskDefinition": "web"}
for more in ({"launchType": "MOON"}, {"schedulingStrategy": "BOGUS"}):
    nonsense("InvalidParameterException", "", "CreateService", **new, **more)
many = [{"key": f"k{index}", "value": ""} for index in range(60)]
for wrong in ([], [{"key": "", "value": ""}], [{"key": "k" * 200}], [{"key": "k", "value": "v" * 300}], [{"key": "AWS:x"}], many):
    nonsense("InvalidParameterException", "", "TagResource", resourceArn=arn("tags"), tags=wrong)
for wrong in ("x", [{}], [{"value": "v"}]):
    nonsense("SerializationException", "tags", "TagResource", resourceArn=arn("tags"), tags=wrong)
refused("InvalidParameterException", "reserved", ecs.untag_resource, resourceArn=arn("tags"), tagKeys=["aws:cloudformation:stack-name"])
refused("ValidationError", "BOGUS", cfn.describe_stack_resource_drifts, StackName="tags", StackResourceDriftStatusFilters=["BOGUS"])

# Nonsense for hands.
for logical, deed in (("L", {"Nonsense": 1}), ("L", {"RetentionInDays": "abc"}), ("L", {"LogGroupName": "other"})):
    try:
        by_hand("back", logical, set=deed)
    except urllib.error.HTTPError as error:
        assert error.code == 400, error
    else:
        raise AssertionError(f"{deed} was done")
for deed in ({"DesiredCount": 2_000_000_000}, {"TaskDefinition": "nothing"}, {"ServiceName": "x"}, {"Bogus": 1}):
    try:
        by_hand("tags", "Service", set=deed)
    except urllib.error.HTTPError as error:
        assert error.code == 400, error
    else:
        raise AssertionError(f"{deed} was done")
print("oddities: done")
