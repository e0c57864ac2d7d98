"""What belongs to an operation: ids, policies, alarms, drift, and what something outside answers."""

import json
import urllib.request

from account import ENDPOINT, fault, wait
from answers import refused
from documented import body, created, documented, endless, gone, logs, outputs, physical, queue, updated, web

POLICY = {"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}


def events_of(aws, **which):
    return aws.cfn.describe_events(**which)["OperationEvents"]


def put(url, **words):
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(words).encode(), method="PUT"))


def asked(aws, kind="Create"):
    """What a custom resource of this account is asked."""
    def found():
        requests = json.load(urllib.request.urlopen(ENDPOINT + "/_landfall/custom-resources"))
        own = [request for request in requests if f":{aws.number}:" in request["StackId"] and request["RequestType"] == kind]
        return own[0] if own else None
    return wait(found, f"a request to {kind}")


def answer(request, **more):
    words = {key: request[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    put(request["ResponseURL"], **{"Status": "SUCCESS", "PhysicalResourceId": "one", **words, **more})


@documented("API Reference, DescribeEvents")
def events_belong_to_an_operation(aws):
    stack = created(aws, "told", body({"Q": queue()}))
    operation = stack["LastOperations"][0]
    assert operation["OperationType"] == "CREATE_STACK", operation
    found = events_of(aws, OperationId=operation["OperationId"])
    assert found and {event["OperationId"] for event in found} == {operation["OperationId"]}


@documented("API Reference, Stack: LastOperations")
def a_rollback_is_an_operation_of_its_own(aws):
    created(aws, "back", body({"L": logs()}))
    fault(fault="resource-fails", stack="back", resource="L", during="update", reason="no")
    stack = updated(aws, "back", body({"L": logs(7)}), "UPDATE_ROLLBACK_COMPLETE")
    assert {operation["OperationType"] for operation in stack["LastOperations"]} >= {"UPDATE_STACK", "ROLLBACK"}, stack


@documented("API Reference, StackEvent: OperationId")
def events_of_stacks_have_an_operation(aws):
    created(aws, "ids", body({"Q": queue()}))
    assert len({event["OperationId"] for event in aws.events("ids")}) == 1


@documented("User Guide, Prevent updates to stack resources")
def a_stack_policy_denies_an_update(aws):
    created(aws, "firm", body({"Q": queue(1)}), StackPolicyBody=json.dumps(POLICY))
    updated(aws, "firm", body({"Q": queue(2)}), "UPDATE_ROLLBACK_COMPLETE")
    assert any(reason.startswith("Action denied by stack policy") for reason in aws.reasons("firm")), aws.reasons("firm")


@documented("API Reference, UpdateStack: StackPolicyDuringUpdateBody")
def a_stack_policy_is_lifted_for_one_update(aws):
    created(aws, "firm", body({"Q": queue(1)}), StackPolicyBody=json.dumps(POLICY))
    allow = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
    updated(aws, "firm", body({"Q": queue(2)}), StackPolicyDuringUpdateBody=json.dumps(allow))
    updated(aws, "firm", body({"Q": queue(3)}), "UPDATE_ROLLBACK_COMPLETE")


@documented("API Reference, RollbackConfiguration")
def an_alarm_rolls_an_update_back(aws):
    aws.ecs.create_cluster(clusterName="main")
    name = f"alarm-{aws.number}"
    trigger = {"Arn": f"arn:aws:cloudwatch:eu-west-1:{aws.number}:alarm:{name}", "Type": "AWS::CloudWatch::Alarm"}
    created(aws, "watched", web("watched:1"))
    fault(fault="image-hangs", image="watched:2")
    aws.cfn.update_stack(StackName="watched", TemplateBody=web("watched:2"), RollbackConfiguration={"RollbackTriggers": [trigger]})
    fault(fault="alarm", alarm=name)
    aws.settled("watched", "UPDATE_ROLLBACK_COMPLETE")


@documented("User Guide, Detect unmanaged configuration changes")
def drift_is_detected(aws):
    created(aws, "drifts", body({"L": logs(30)}))
    assert aws.detected("drifts")["StackDriftStatus"] == "IN_SYNC"
    aws.by_hand("drifts", "L", set={"RetentionInDays": 1})
    assert aws.detected("drifts")["StackDriftStatus"] == "DRIFTED"
    drift = aws.cfn.describe_stack_resource_drifts(StackName="drifts")["StackResourceDrifts"][0]
    assert drift["StackResourceDriftStatus"] == "MODIFIED"
    assert drift["PropertyDifferences"][0]["PropertyPath"] == "/RetentionInDays", drift


@documented("API Reference, StackResourceDrift: DELETED")
def a_deleted_resource_is_drift(aws):
    created(aws, "loses", body({"L": logs()}))
    aws.by_hand("loses", "L", delete=True)
    aws.detected("loses")
    drift = aws.cfn.describe_stack_resource_drifts(StackName="loses")["StackResourceDrifts"][0]
    assert drift["StackResourceDriftStatus"] == "DELETED"


@documented("Template Reference, AWS::CloudFormation::WaitCondition")
def a_wait_condition_waits_for_signals(aws):
    resources = endless()
    resources["Wait"]["Properties"]["Count"] = 2
    aws.cfn.create_stack(StackName="waits", TemplateBody=body(resources))

    def handle():
        found = [own for own in aws.cfn.describe_stack_resources(StackName="waits")["StackResources"]
                 if own["LogicalResourceId"] == "Handle" and own.get("PhysicalResourceId", "").startswith("https://")]
        return found[0]["PhysicalResourceId"] if found else None
    url = f"{ENDPOINT}/{wait(handle, 'the handle').split('/', 3)[3]}"
    for id in ("one", "one", "two"):
        assert aws.stack("waits")["StackStatus"] == "CREATE_IN_PROGRESS"
        put(url, Status="SUCCESS", UniqueId=id, Reason="", Data=id)
    aws.settled("waits", "CREATE_COMPLETE")


@documented("Template Reference, custom resources")
def a_custom_resource_is_made_by_its_provider(aws):
    token = f"arn:aws:lambda:eu-west-1:{aws.number}:function:f"
    template = body({"C": {"Type": "Custom::Thing", "Properties": {"ServiceToken": token, "Size": 3}}},
                    Outputs={"V": {"Value": {"Fn::GetAtt": ["C", "Colour"]}}})
    aws.cfn.create_stack(StackName="custom", TemplateBody=template)
    request = asked(aws)
    assert request["ResourceProperties"] == {"ServiceToken": token, "Size": "3"}, request
    answer(request, Data={"Colour": "red"})
    assert outputs(aws.settled("custom", "CREATE_COMPLETE")) == {"V": "red"}


@documented("User Guide, Custom resource response objects: FAILED")
def a_custom_resource_fails_with_its_providers_reason(aws):
    token = f"arn:aws:lambda:eu-west-1:{aws.number}:function:f"
    aws.cfn.create_stack(StackName="custom", TemplateBody=body({"C": {"Type": "Custom::Thing", "Properties": {"ServiceToken": token}}}))
    answer(asked(aws), Status="FAILED", Reason="the moon is full")
    answer(asked(aws, "Delete"))
    aws.settled("custom", "ROLLBACK_COMPLETE")
    assert any("the moon is full" in reason for reason in aws.reasons("custom")), aws.reasons("custom")


def nested(aws):
    """Makes a template with a nested stack, whose queue is invisible for so many seconds."""
    s3, bucket = aws.client("s3"), f"parts-{aws.number}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    inner = body({"Q": queue({"Ref": "Seconds"})}, Parameters={"Seconds": {"Type": "Number"}}, Outputs={"Url": {"Value": {"Ref": "Q"}}})
    s3.put_object(Bucket=bucket, Key="inner.json", Body=inner.encode())
    return lambda seconds: body({"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {
        "TemplateURL": f"https://{bucket}.s3.eu-west-1.amazonaws.com/inner.json", "Parameters": {"Seconds": seconds}}}},
        Outputs={"Url": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Url"]}}})


@documented("User Guide, Nested stacks")
def a_stack_is_nested_in_another(aws):
    template = nested(aws)
    root = created(aws, "root", template(30))
    inner = aws.stack(physical(aws, "root", "Inner"))
    assert (inner["ParentId"], inner["RootId"], inner["StackStatus"]) == (root["StackId"], root["StackId"], "CREATE_COMPLETE")
    assert outputs(root)["Url"].startswith("https://")
    updated(aws, "root", template(60))
    aws.cfn.delete_stack(StackName="root")
    gone(aws, inner["StackId"])


@documented("API Reference, CreateChangeSet: IncludeNestedStacks")
def a_change_set_has_one_for_each_nested_stack(aws):
    template = nested(aws)
    created(aws, "root", template(30))
    found = aws.change_set("root", ChangeSetName="one", TemplateBody=template(60), IncludeNestedStacks=True)
    inner = aws.cfn.describe_change_set(ChangeSetName=found["Changes"][0]["ResourceChange"]["ChangeSetId"])
    assert inner["ParentChangeSetId"] == inner["RootChangeSetId"] == found["ChangeSetId"]
    assert [row["ResourceChange"]["LogicalResourceId"] for row in inner["Changes"]] == ["Q"]
    aws.cfn.execute_change_set(ChangeSetName=found["ChangeSetId"])
    aws.settled("root", "UPDATE_COMPLETE")


@documented("API Reference, AssumeRole and GetCallerIdentity")
def a_role_is_assumed_in_its_account(aws):
    sts = aws.client("sts")
    assert sts.get_caller_identity()["Account"] == aws.number
    role = f"arn:aws:iam::{aws.number}:role/deploy"
    assert sts.assume_role(RoleArn=role, RoleSessionName="visit")["AssumedRoleUser"]["Arn"].endswith("assumed-role/deploy/visit")


@documented("API Reference, AssumeRole: RoleSessionName and DurationSeconds")
def a_session_keeps_to_its_constraints(aws):
    sts, role = aws.client("sts"), f"arn:aws:iam::{aws.number}:role/deploy"
    for wrong in ({"RoleSessionName": "x" * 65}, {"RoleSessionName": "a b"}, {"RoleSessionName": "visit", "DurationSeconds": 43201}):
        refused("ValidationError", "failed to satisfy constraint", sts.assume_role, RoleArn=role, **wrong)


@documented("API Reference, GetCallerIdentity: UserId of an assumed role")
def a_session_has_the_id_of_its_role(aws):
    role = f"arn:aws:iam::{aws.number}:role/deploy"
    keys = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]
    found = aws.client("sts", aws_access_key_id=keys["AccessKeyId"], aws_session_token=keys["SessionToken"]).get_caller_identity()
    assert found["UserId"].endswith(":visit") and found["Arn"].endswith("assumed-role/deploy/visit"), found


@documented("API Reference of S3: GetObject and PutObject")
def a_bucket_keeps_objects_for_its_account(aws):
    s3, bucket = aws.client("s3"), f"own-{aws.number}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", IfNoneMatch="*")
    refused("PreconditionFailed", "", s3.put_object, Bucket=bucket, Key="a", Body=b"y", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
    refused("NoSuchKey", "", s3.get_object, Bucket=bucket, Key="b")
