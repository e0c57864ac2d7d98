"""Wait conditions and custom resources: what something outside of CloudFormation answers for, with boto3 and plain HTTP."""

import json
import urllib.error
import urllib.parse
import urllib.request

import account
from account import ENDPOINT, by_hand, cfn, clear, detected, events, fault, reasons, settled, stack, wait
from answers import refused

TOKEN = "arn:aws:lambda:eu-west-1:111111111111:function:provider"


def put(address, body, status=200):
    """Puts an answer to the path of an address of AWS, at this server."""
    path = urllib.parse.urlsplit(address).path
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(ENDPOINT + path, data, {"Content-Type": ""}, method="PUT")
    try:
        assert urllib.request.urlopen(request).status == status
    except urllib.error.HTTPError as error:
        assert error.code == status, (error.code, error.read())


def resource(name, logical):
    return cfn.describe_stack_resource(StackName=name, LogicalResourceId=logical)["StackResourceDetail"]


def outputs(name):
    return {one["OutputKey"]: one["OutputValue"] for one in stack(name).get("Outputs", [])}


def told(name, logical):
    """What the events say of a resource, oldest first."""
    return [(one["ResourceStatus"], one.get("ResourceStatusReason", ""), one.get("PhysicalResourceId", ""))
            for one in reversed(events(name)) if one["LogicalResourceId"] == logical]


def reason(name, logical, status):
    found = [why for is_, why, _ in told(name, logical) if is_ == status]
    assert found, (logical, status, told(name, logical))
    return found[-1]


# Wait conditions.

def waiting(count=1, timeout=600, **more):
    return json.dumps({"Resources": {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Condition": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {
            "Handle": {"Ref": "Handle"}, "Timeout": str(timeout), "Count": count}},
        "After": {"Type": "AWS::SNS::Topic", "DependsOn": "Condition"}, **more,
    }, "Outputs": {"Data": {"Value": {"Fn::GetAtt": ["Condition", "Data"]}}, "Handle": {"Value": {"Ref": "Handle"}}}})


def handle(name):
    """The address of the handle, once the condition waits."""
    wait(lambda: [one for one in events(name) if one.get("ResourceStatusReason") == "Resource creation Initiated"
                  and one["LogicalResourceId"] == "Condition"], "the condition")
    return resource(name, "Handle")["PhysicalResourceId"]


def signal(address, unique, status="SUCCESS", why="", data=""):
    put(address, {"Status": status, "UniqueId": unique, "Reason": why, "Data": data})


cfn.create_stack(StackName="waits", TemplateBody=waiting(count=2))
address = handle("waits")
assert address.startswith("https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/arn%3Aaws%3A"), address
assert resource("waits", "Condition")["PhysicalResourceId"] == stack("waits")["StackId"] + "/Handle"
signal(address, "one", data="first")
signal(address, "one", data="again")
assert stack("waits")["StackStatus"] == "CREATE_IN_PROGRESS" and not told("waits", "After")
signal(address, "two", data="second")
settled("waits", "CREATE_COMPLETE")
assert json.loads(outputs("waits")["Data"]) == {"one": "first", "two": "second"}, outputs("waits")
assert outputs("waits")["Handle"] == address
signal(address, "three")
put(address + "x", {"Status": "SUCCESS", "UniqueId": "one"}, status=404)
rows = detected("waits")
assert rows["StackDriftStatus"] == "IN_SYNC" and rows["DriftedStackResourceCount"] == 0
assert resource("waits", "Condition")["DriftInformation"]["StackResourceDriftStatus"] == "NOT_CHECKED"
cfn.update_stack(StackName="waits", TemplateBody=waiting(count=3))
settled("waits", "UPDATE_ROLLBACK_COMPLETE")
assert reason("waits", "Condition", "UPDATE_FAILED") == (
    "Update to resource type AWS::CloudFormation::WaitCondition is not supported.")
identity = stack("waits")["StackId"]
cfn.delete_stack(StackName="waits")
wait(lambda: cfn.describe_stacks(StackName=identity)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE", "the deletion")
put(address, {"Status": "SUCCESS", "UniqueId": "late"}, status=404)

for name, said, words in (
    ("says-no", {"Status": "FAILURE", "UniqueId": "i-1", "Reason": "no disk", "Data": ""},
     "WaitCondition received failed message: 'no disk' for uniqueId: i-1"),
    ("nonsense", b"ready!", "Unparsable WaitCondition data"),
    ("no-status", {"UniqueId": "one"}, "Unparsable WaitCondition data"),
    ("long", {"Status": "SUCCESS", "UniqueId": "one", "Data": "x" * 5000}, "Unparsable WaitCondition data"),
):
    cfn.create_stack(StackName=name, TemplateBody=waiting())
    put(handle(name), said)
    settled(name, "ROLLBACK_COMPLETE")
    assert reason(name, "Condition", "CREATE_FAILED") == words, told(name, "Condition")
for name, wrong in (("forever", {"timeout": 43201}), ("none", {"count": 0})):
    cfn.create_stack(StackName=name, TemplateBody=waiting(**wrong))
    settled(name, "ROLLBACK_COMPLETE")
fault(fault="resource-fails", stack="broken", resource="Condition", during="create", reason="no")
cfn.create_stack(StackName="broken", TemplateBody=waiting())
settled("broken", "ROLLBACK_COMPLETE")
clear()

# Custom resources.


def custom(kind="Custom::Thing", token=TOKEN, policies=None, **properties):
    return json.dumps({"Resources": {
        "Thing": {"Type": kind, "Properties": {"ServiceToken": token, **properties}, **(policies or {})},
        "After": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["Thing", "Name"]}}},
    }, "Outputs": {"Id": {"Value": {"Ref": "Thing"}}, "Name": {"Value": {"Fn::Sub": "${Thing.Name}"}}}})


def requests():
    return json.load(urllib.request.urlopen(ENDPOINT + "/_landfall/custom-resources"))


def asked(name, kind):
    """The request that a provider gets."""
    def found():
        own = [one for one in requests() if f":stack/{name}/" in one["StackId"] and one["RequestType"] == kind]
        return own[0] if own else None
    return wait(found, f"{kind} of {name}")


def answer(request, status="SUCCESS", **more):
    """As the module cfn-response does it: to the address as it is."""
    words = {"Status": status, "Reason": "See the log", "PhysicalResourceId": "thing-1", "NoEcho": False, "Data": {},
             **{key: request[key] for key in ("StackId", "RequestId", "LogicalResourceId")}, **more}
    body = json.dumps({key: value for key, value in words.items() if value is not None}).encode()
    assert request["ResponseURL"].startswith(ENDPOINT + "/"), request["ResponseURL"]
    answered = urllib.request.urlopen(urllib.request.Request(request["ResponseURL"], body, {"Content-Type": ""}, method="PUT"))
    assert answered.status == 200


cfn.create_stack(StackName="custom", TemplateBody=custom(Size=3, Parts=[{"On": True, "Name": "a"}], ServiceTimeout=600))
request = asked("custom", "Create")
identity = stack("custom")["StackId"]
assert {key: request[key] for key in request if key not in ("ResponseURL", "RequestId")} == {
    "RequestType": "Create", "ServiceToken": TOKEN, "StackId": identity, "LogicalResourceId": "Thing",
    "ResourceType": "Custom::Thing", "ResourceProperties": {
        "ServiceToken": TOKEN, "Size": "3", "Parts": [{"On": "true", "Name": "a"}], "ServiceTimeout": "600"}}, request
assert f"%7CThing%7C{request['RequestId']}" in request["ResponseURL"], request
assert "PhysicalResourceId" not in resource("custom", "Thing")
answer(request, Data={"Name": "lamp", "Watts": 40})
settled("custom", "CREATE_COMPLETE")
assert outputs("custom") == {"Id": "thing-1", "Name": "lamp"}, outputs("custom")
assert [(status, why, one) for status, why, one in told("custom", "Thing")] == [
    ("CREATE_IN_PROGRESS", "", ""), ("CREATE_IN_PROGRESS", "Resource creation Initiated", "thing-1"),
    ("CREATE_COMPLETE", "", "thing-1")], told("custom", "Thing")
assert requests() == []
put(request["ResponseURL"], {}, status=404)
refused("ValidationError", "No updates", cfn.update_stack, StackName="custom",
        TemplateBody=custom(Size=3, Parts=[{"On": True, "Name": "a"}], ServiceTimeout=600))

# In place, with new attributes; a change set cannot know them.
changes = account.change_set("custom", ChangeSetName="bigger", TemplateBody=custom(Size=4))
row = {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in changes["Changes"]}
assert row["Thing"]["Replacement"] == "False" and row["Thing"]["ResourceType"] == "Custom::Thing", row
assert row["After"]["Details"][0]["ChangeSource"] == "ResourceAttribute", row
cfn.execute_change_set(StackName="custom", ChangeSetName="bigger")
request = asked("custom", "Update")
assert request["PhysicalResourceId"] == "thing-1" and request["ResourceProperties"] == {"ServiceToken": TOKEN, "Size": "4"}
assert request["OldResourceProperties"]["Size"] == "3" and request["OldResourceProperties"]["ServiceTimeout"] == "600"
answer(request, Data={"Name": "bulb"})
settled("custom", "UPDATE_COMPLETE")
assert outputs("custom") == {"Id": "thing-1", "Name": "bulb"}

# Another id is another resource: the one before is deleted in the cleanup.
cfn.update_stack(StackName="custom", TemplateBody=custom(Size=5))
answer(asked("custom", "Update"), PhysicalResourceId="thing-2", Data={"Name": "bulb"})
request = asked("custom", "Delete")
assert stack("custom")["StackStatus"] == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
assert request["PhysicalResourceId"] == "thing-1" and request["ResourceProperties"]["Size"] == "4", request
assert "OldResourceProperties" not in request
answer(request)
settled("custom", "UPDATE_COMPLETE")
assert outputs("custom")["Id"] == "thing-2"
assert "Requested update required the provider to create a new physical resource" in reasons("custom")

# What a provider cannot do is taken back: it is asked for what was before.
cfn.update_stack(StackName="custom", TemplateBody=custom(Size=6))
request = asked("custom", "Update")
answer(request, "FAILED", PhysicalResourceId="thing-2", Reason="too big")
words = f"Received response status [FAILED] from custom resource. Message returned: too big (RequestId: {request['RequestId']})"
request = asked("custom", "Update")
assert request["ResourceProperties"]["Size"] == "5" and request["OldResourceProperties"]["Size"] == "6", request
answer(request, PhysicalResourceId="thing-2", Data={"Name": "bulb"})
settled("custom", "UPDATE_ROLLBACK_COMPLETE")
assert reason("custom", "Thing", "UPDATE_FAILED") == words
cfn.update_stack(StackName="custom", TemplateBody=custom(token=TOKEN + "2", Size=5))
settled("custom", "UPDATE_ROLLBACK_COMPLETE")
assert reason("custom", "Thing", "UPDATE_FAILED") == "Modifying service token is not allowed."
refused_by_hand = False
try:
    by_hand("custom", "Thing", delete=True)
except urllib.error.HTTPError as error:
    refused_by_hand = error.code == 400
assert refused_by_hand

# A deletion that the provider refuses, and that is tried again.
cfn.delete_stack(StackName="custom")
request = asked("custom", "Delete")
assert request["PhysicalResourceId"] == "thing-2" and request["ResourceProperties"]["Size"] == "5"
answer(request, "FAILED", PhysicalResourceId="thing-2", Reason="in use")
settled("custom", "DELETE_FAILED")
cfn.delete_stack(StackName="custom")
answer(asked("custom", "Delete"), PhysicalResourceId="thing-2")
wait(lambda: cfn.describe_stacks(StackName=identity)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE", "the deletion")


def failed(name, words, template, **more):
    """A creation that fails with these words, and whose rollback asks for the deletion."""
    cfn.create_stack(StackName=name, TemplateBody=template)
    request = asked(name, "Create")
    answer(request, **more)
    deletion = asked(name, "Delete")
    answer(deletion, PhysicalResourceId=deletion["PhysicalResourceId"])
    settled(name, "ROLLBACK_COMPLETE")
    assert reason(name, "Thing", "CREATE_FAILED") == words.replace("ID", request["RequestId"]), told(name, "Thing")
    return deletion["PhysicalResourceId"]


assert failed("fails", "Received response status [FAILED] from custom resource. Message returned: no (RequestId: ID)", custom(),
              status="FAILED", Reason="no", PhysicalResourceId="half-made") == "half-made"
assert failed("bad-status", "Invalid Response object: 'FAILURE' is not a valid ResponseStatus", custom(),
              status="FAILURE").startswith("bad-status-Thing-")
failed("bad-id", "Invalid PhysicalResourceId", custom("AWS::CloudFormation::CustomResource"), PhysicalResourceId=None)
failed("bad-request", "Invalid Response object: RequestId is not that of the request", custom(), RequestId="other")
failed("long-answer", "Response object is too long.", custom(), Reason="x" * 5000)

# An attribute that the response does not have.
cfn.create_stack(StackName="poor", TemplateBody=custom())
answer(asked("poor", "Create"))
answer(asked("poor", "Delete"))
settled("poor", "ROLLBACK_COMPLETE")
assert "Vendor response doesn't contain Name attribute in object" in reason("poor", "After", "CREATE_FAILED")

# NoEcho hides what `Fn::GetAtt` gives in events and change sets. Outputs have it. [iss: go-to-k/cdkd#2274]
cfn.create_stack(StackName="secret", TemplateBody=custom())
answer(asked("secret", "Create"), Data={"Name": "hunter2"}, NoEcho=True)
settled("secret", "CREATE_COMPLETE")
assert outputs("secret") == {"Id": "thing-1", "Name": "hunter2"}, outputs("secret")
shown = [json.loads(one["ResourceProperties"])["DisplayName"] for one in events("secret") if one["LogicalResourceId"] == "After"]
assert shown and set(shown) == {"****"}, shown
changes = account.change_set("secret", ChangeSetName="next", TemplateBody=custom(Size=1))
assert "hunter2" not in str(changes), changes

# An attribute that is a list; what is in a map is none.
listed = json.dumps({"Resources": {
    "Thing": {"Type": "Custom::Zones", "Properties": {"ServiceToken": TOKEN}},
    "After": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Join": ["+", {"Fn::GetAtt": ["Thing", "Zones"]}]}}},
}, "Outputs": {"Second": {"Value": {"Fn::Select": [1, {"Fn::GetAtt": ["Thing", "Zones"]}]}}}})
cfn.create_stack(StackName="listed", TemplateBody=listed)
answer(asked("listed", "Create"), Data={"Zones": ["a", "b"], "Map": {"c": 1}})
settled("listed", "CREATE_COMPLETE")
assert outputs("listed") == {"Second": "b"}
assert any('"DisplayName":"a+b"' in event.get("ResourceProperties", "") for event in events("listed"))
kept = account.change_set("listed", ChangeSetName="same", TemplateBody=listed)
assert kept["Status"] == "FAILED" and "didn't contain changes" in kept["StatusReason"], kept
cfn.delete_stack(StackName="listed")
answer(asked("listed", "Delete"))

# Refused before anybody is asked, or kept.
for name, wrong in (("token", {"token": "http://example.com"}), ("elsewhere", {"token": TOKEN.replace("eu-west-1", "us-east-1")}),
                    ("timeout", {"ServiceTimeout": 3601})):
    cfn.create_stack(StackName=name, TemplateBody=custom(**wrong))
    settled(name, "ROLLBACK_COMPLETE")
assert reason("token", "Thing", "CREATE_FAILED") == "Invalid service token."
refused("ValidationError", "Custom::Th!ng", cfn.create_stack, StackName="letters", TemplateBody=custom("Custom::Th!ng"))
cfn.create_stack(StackName="kept", TemplateBody=custom(policies={"DeletionPolicy": "Retain"}))
answer(asked("kept", "Create"), Data={"Name": "lamp"})
kept = settled("kept", "CREATE_COMPLETE")["StackId"]
assert detected("kept")["DriftedStackResourceCount"] == 0
cfn.delete_stack(StackName="kept")
wait(lambda: cfn.describe_stacks(StackName=kept)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE", "the deletion")

# A stack that is deleted while the provider works: it is asked to delete what it may have made.
gone = cfn.create_stack(StackName="early", TemplateBody=custom())["StackId"]
asked("early", "Create")
cfn.delete_stack(StackName="early")
deletion = asked("early", "Delete")
answer(deletion, PhysicalResourceId=deletion["PhysicalResourceId"])
wait(lambda: cfn.describe_stacks(StackName=gone)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE", "the deletion")
fault(fault="resource-fails", stack="faulty", resource="Custom::Thing", during="create", reason="no")
cfn.create_stack(StackName="faulty", TemplateBody=custom())
settled("faulty", "ROLLBACK_COMPLETE")
assert requests() == []
put("https://x/arn%3Aaws%3Acloudformation%3Aeu-west-1%3A111111111111%3Astack/a/b%7Cc%7Cd", {}, status=404)
print("outside: done")
