"""Creation policies, rolling updates and SignalResource, and what `NoEcho` hides: with boto3."""

import json
import time

import account
from account import cfn, clear, events, fault, reasons, settled, stack, wait
from answers import refused

GROUP = "AWS::AutoScaling::AutoScalingGroup"


def body(creation=None, update=None, kind=GROUP, parameters=None, **properties):
    usual = {"MinSize": "2", "MaxSize": "4"} if kind == GROUP else {"ImageId": "ami-1"} if kind == "AWS::EC2::Instance" else {}
    one = {"Type": kind, "Properties": {**usual, **properties}}
    one |= {"CreationPolicy": creation} if creation else {}
    one |= {"UpdatePolicy": update} if update else {}
    return json.dumps({"Parameters": parameters or {}, "Resources": {
        "One": one, "After": {"Type": "AWS::SNS::Topic", "DependsOn": "One"}}})


def signals(count=None, timeout="PT10M", **more):
    return {"ResourceSignal": {**({"Count": count} if count else {}), "Timeout": timeout}, **more}


def told(name, logical="One"):
    return [(row["ResourceStatus"], row.get("ResourceStatusReason", "")) for row in reversed(events(name))
            if row["LogicalResourceId"] == logical]


def waits(name):
    def found():
        rows = told(name)
        return rows and (rows[-1][1] == "Resource creation Initiated" or rows[-1][1].startswith("New instance(s) added"))
    wait(found, f"{name} to wait")


def signal(name, unique, status="SUCCESS", logical="One"):
    cfn.signal_resource(StackName=name, LogicalResourceId=logical, UniqueId=unique, Status=status)


def begin(name, template, **more):
    cfn.create_stack(StackName=name, TemplateBody=template, **more)
    waits(name)


def reason(name, status, logical="One"):
    return [why for is_, why in told(name, logical) if is_ == status][-1]


# As many signals as the policy wants, which may come from a parameter; the same one twice is one.
begin("group", body(signals({"Ref": "Size"}), parameters={"Size": {"Type": "Number", "Default": 2}}))
signal("group", "i-1")
signal("group", "i-1")
time.sleep(0.2)
assert stack("group")["StackStatus"] == "CREATE_IN_PROGRESS" and not told("group", "After"), told("group", "After")
signal("group", "i-2")
settled("group", "CREATE_COMPLETE")
assert told("group") == [
    ("CREATE_IN_PROGRESS", ""), ("CREATE_IN_PROGRESS", "Resource creation Initiated"),
    ("CREATE_IN_PROGRESS", "Received SUCCESS signal with UniqueId i-1"),
    ("CREATE_IN_PROGRESS", "Received SUCCESS signal with UniqueId i-2"), ("CREATE_COMPLETE", "")], told("group")
refused("ValidationError", "is in CREATE_COMPLETE state and cannot be signaled", cfn.signal_resource,
        StackName="group", LogicalResourceId="One", UniqueId="i-3", Status="SUCCESS")
refused("ValidationError", "does not exist", cfn.signal_resource,
        StackName="none", LogicalResourceId="One", UniqueId="i-3", Status="SUCCESS")

# One failure ends an instance and a condition; a group goes by its percentage.
begin("instance", body(signals(), kind="AWS::EC2::Instance"))
refused("ValidationError", "Resource Other does not exist", cfn.signal_resource,
        StackName="instance", LogicalResourceId="Other", UniqueId="i-1", Status="SUCCESS")
signal("instance", "i-1", "FAILURE")
settled("instance", "ROLLBACK_COMPLETE")
assert reason("instance", "CREATE_FAILED") == "Received FAILURE signal with UniqueId i-1", told("instance")
begin("condition", body(signals(2), kind="AWS::CloudFormation::WaitCondition"))
signal("condition", "a")
signal("condition", "b")
settled("condition", "CREATE_COMPLETE")
begin("strict", body(signals(2)))
signal("strict", "i-1", "FAILURE")
settled("strict", "ROLLBACK_COMPLETE")
assert reason("strict", "CREATE_FAILED") == (
    "Received 1 FAILURE signal(s) out of 2. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"), told("strict")
begin("half", body(signals(2, AutoScalingCreationPolicy={"MinSuccessfulInstancesPercent": 50})))
signal("half", "i-1", "FAILURE")
signal("half", "i-2")
settled("half", "CREATE_COMPLETE")

# Too late, and a deletion that does not wait.
cfn.create_stack(StackName="late", TemplateBody=body(signals(2, "PT0S"), kind="AWS::EC2::Instance"))
settled("late", "ROLLBACK_COMPLETE")
assert reason("late", "CREATE_FAILED") == "Failed to receive 2 resource signal(s) within the specified duration", told("late")
begin("gone", body(signals()))
gone = stack("gone")["StackId"]
cfn.delete_stack(StackName="gone")
settled(gone, "DELETE_COMPLETE")

# A rolling update waits for the new instances, there and back.
rolling = {"AutoScalingRollingUpdate": {"MinInstancesInService": 1, "MaxBatchSize": 1, "PauseTime": "PT5M", "WaitOnResourceSignals": True}}
cfn.create_stack(StackName="rolls", TemplateBody=body(update=rolling, LaunchConfigurationName="a"))
settled("rolls", "CREATE_COMPLETE")
cfn.update_stack(StackName="rolls", TemplateBody=body(update=rolling, LaunchConfigurationName="b"))
waits("rolls")
assert ("Rolling update initiated. Terminating 2 obsolete instance(s) in batches of 1, while keeping at least 1 instance(s) in service. "
        "Waiting on resource signals with a timeout of PT5M when new instances are added to the autoscaling group.") in reasons("rolls")
signal("rolls", "i-3")
signal("rolls", "i-4")
settled("rolls", "UPDATE_COMPLETE")
cfn.update_stack(StackName="rolls", TemplateBody=body(update=rolling, LaunchConfigurationName="c"))
waits("rolls")
signal("rolls", "i-5", "FAILURE")
wait(lambda: stack("rolls")["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS", "the rollback")
waits("rolls")
signal("rolls", "i-6")
signal("rolls", "i-7")
settled("rolls", "UPDATE_ROLLBACK_COMPLETE")
# What brings no instances is not waited for.
cfn.update_stack(StackName="rolls", TemplateBody=body(update=rolling, LaunchConfigurationName="b", MaxSize="6"))
settled("rolls", "UPDATE_COMPLETE")
replacing = {"AutoScalingReplacingUpdate": {"WillReplace": True}}
cfn.create_stack(StackName="replaces", TemplateBody=body(update=replacing, LaunchConfigurationName="a"))
settled("replaces", "CREATE_COMPLETE")
old = cfn.describe_stack_resource(StackName="replaces", LogicalResourceId="One")["StackResourceDetail"]["PhysicalResourceId"]
cfn.update_stack(StackName="replaces", TemplateBody=body(signals(1), replacing, LaunchConfigurationName="b"))
waits("replaces")
signal("replaces", "i-8")
settled("replaces", "UPDATE_COMPLETE")
new = cfn.describe_stack_resource(StackName="replaces", LogicalResourceId="One")["StackResourceDetail"]["PhysicalResourceId"]
assert new != old, new

# What cannot be.
for words, template in (
    ("does not model CreationPolicy of AWS::SNS::Topic", body(signals(), kind="AWS::SNS::Topic")),
    ("does not model UpdatePolicy of AWS::EC2::Instance", body(update=rolling, kind="AWS::EC2::Instance")),
    ("does not model IgnoreUnmodifiedGroupSizeProperties",
     body(update={"AutoScalingScheduledAction": {"IgnoreUnmodifiedGroupSizeProperties": True}})),
):
    refused("NotModelled", words, cfn.create_stack, StackName="never", TemplateBody=template)
refused("ValidationError", "unsupported property Signals", cfn.create_stack, StackName="never", TemplateBody=body({"Signals": {}}))
for name, wrong in (("long", signals(timeout="PT13H")), ("words", signals(timeout="10m")), ("number", signals("two"))):
    cfn.create_stack(StackName=name, TemplateBody=body(wrong))
    settled(name, "ROLLBACK_COMPLETE")
fault(fault="resource-fails", stack="broken", resource="One", during="create", reason="no")
cfn.create_stack(StackName="broken", TemplateBody=body(signals()))
settled("broken", "ROLLBACK_COMPLETE")
clear()

# A secret parameter is hidden in events and change sets, and nowhere else. [doc: "Parameters", NoEcho]


def secret(name="topic", **more):
    return json.dumps({"Parameters": {"Secret": {"Type": "String", "NoEcho": True}}, "Resources": {"Topic": {
        "Type": "AWS::SNS::Topic", "Properties": {"TopicName": name, "DisplayName": {"Fn::Sub": "a ${Secret}"}, **more}}},
        "Outputs": {"Value": {"Value": {"Ref": "Secret"}}}})


def given(value):
    return [{"ParameterKey": "Secret", "ParameterValue": value}]


cfn.create_stack(StackName="secret", TemplateBody=secret(), Parameters=given("hunter2"))
found = settled("secret", "CREATE_COMPLETE")
assert found["Outputs"][0]["OutputValue"] == "hunter2" and found["Parameters"][0]["ParameterValue"] == "****", found
properties = [json.loads(row["ResourceProperties"]) for row in events("secret") if row["LogicalResourceId"] == "Topic"]
assert properties and all(row == {"TopicName": "topic", "DisplayName": "****"} for row in properties), properties
changes = account.change_set("secret", ChangeSetName="next", TemplateBody=secret(), Parameters=given("hunter3"))
assert "hunter" not in str(changes), changes
[detail] = changes["Changes"][0]["ResourceChange"]["Details"]
assert (detail["Target"]["BeforeValue"], detail["Target"]["AfterValue"]) == ("****", "****"), detail
cfn.execute_change_set(StackName="secret", ChangeSetName="next")
settled("secret", "UPDATE_COMPLETE")
cfn.delete_stack(StackName="secret")
settled(found["StackId"], "DELETE_COMPLETE")
assert "hunter" not in str(events(found["StackId"])), events(found["StackId"])
print("signals: done")
