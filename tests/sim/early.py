"""Validation before a deployment: what fails or warns, where it is shown, and what turns it off. With boto3."""

import itertools
import json

import boto3
from account import KEYS, WHERE, cfn, change_set, events, reasons, settled
from answers import refused

NUMBERS = itertools.count()
s3 = boto3.client("s3", **WHERE, **KEYS)


def body(**resources):
    return json.dumps({"Resources": resources})


def logs(name=None, **properties):
    return {"Type": "AWS::Logs::LogGroup", "Properties": {**({"LogGroupName": name} if name else {}), **properties}}


def queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def made(name, template, kind="CREATE", **more):
    return change_set(name, ChangeSetName=f"c{next(NUMBERS)}", ChangeSetType=kind, TemplateBody=template, **more)


def found(**which):
    pages = cfn.get_paginator("describe_events").paginate(**which).build_full_result()["OperationEvents"]
    return [event for event in pages if event["EventType"] == "VALIDATION_ERROR"]


def failed(hook):
    return (f"The following hook(s)/validation failed: [AWS::EarlyValidation::{hook}]. To troubleshoot Early Validation errors, use the "
            "DescribeEvents API for detailed failure information.")


def words(event):
    return event["ValidationName"], event["ValidationFailureMode"], event["ValidationPath"], event["ValidationStatusReason"]


def create(name, template, **more):
    cfn.create_stack(StackName=name, TemplateBody=template, **more)
    return settled(name, "CREATE_COMPLETE")


def properties_are_compared_with_schemas():
    wrong = body(Q=queue(VisibilityTimeout="soon", Bogus=1), L={"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String"}},
                 D={"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "FREE", "KeySchema": [
                     {"AttributeName": "id", "KeyType": "HASH"}]}})
    one = made("wrong", wrong)
    assert (one["Status"], one["ExecutionStatus"], one["Changes"]) == ("FAILED", "UNAVAILABLE", []), one
    assert one["StatusReason"] == failed("PropertyValidation"), one["StatusReason"]
    told = [words(event) for event in found(ChangeSetName=one["ChangeSetId"])]
    assert ("PROPERTY_VALIDATION", "FAIL", "/Resources/Q/Properties", "Unsupported property [Bogus]") in told, told
    assert ("PROPERTY_VALIDATION", "FAIL", "/Resources/L/Properties", "Required property [Value] not found") in told, told
    [enum] = [reason for _, _, path, reason in told if path == "/Resources/D/Properties/BillingMode"]
    assert enum == "FREE is not a valid enum value. Supported values: [PAY_PER_REQUEST, PROVISIONED]", enum
    assert any(path == "/Resources/Q/Properties/VisibilityTimeout" for _, _, path, _ in told), told
    # What other resources give is not known yet, and ECS is not validated.
    good = body(Q=queue(), R=queue(QueueName={"Fn::GetAtt": ["Q", "QueueName"]}), T={
        "Type": "AWS::ECS::TaskDefinition", "Properties": {"Bogus": 1}})
    assert made("good", good)["Status"] == "CREATE_COMPLETE"


def a_name_that_is_taken_fails_the_change_set():
    create("owner", body(L=logs("taken")))
    one = made("second", body(L=logs("taken"), M=logs()))
    assert one["StatusReason"] == failed("ResourceExistenceCheck"), one["StatusReason"]
    [event] = found(ChangeSetName=one["ChangeSetId"])
    assert words(event) == ("NAME_CONFLICT_VALIDATION", "FAIL", "/Resources/L",
                            "Resource of type 'AWS::Logs::LogGroup' with identifier 'taken' already exists."), event
    assert (event["OperationType"], event["LogicalResourceId"], event["ValidationStatus"]) == ("CREATE_CHANGESET", "L", "FAILED"), event
    every = cfn.describe_events(ChangeSetName=one["ChangeSetId"])["OperationEvents"]
    [end] = [event for event in every if event["EventType"] == "STACK_EVENT"]
    assert end["OperationStatus"] == "FAILED" and end["OperationId"] == event["OperationId"], every
    # The same by stack, by name within a stack, and by operation; not as an event of the stack.
    for which in ({"StackName": "second"}, {"StackName": "second", "ChangeSetName": one["ChangeSetName"]},
                  {"OperationId": event["OperationId"]}):
        assert found(**which) == [event], which
    assert [event["ResourceStatus"] for event in events("second")] == ["REVIEW_IN_PROGRESS"]
    refused("ValidationError", "must be specified", cfn.describe_events, ChangeSetName=one["ChangeSetName"])
    # Its own name is not taken, and another one is not either.
    assert made("owner", body(L=logs("taken", RetentionInDays=7)), "UPDATE")["Status"] == "CREATE_COMPLETE"
    ended = made("free", body(L=logs("free")))
    every = cfn.describe_events(ChangeSetName=ended["ChangeSetId"])["OperationEvents"]
    assert [(event["EventType"], event["OperationStatus"]) for event in every] == [("STACK_EVENT", "SUCCEEDED")], every


def a_bucket_with_objects_is_a_warning():
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full"}}
    create("buckets", body(B=bucket, Q=queue()))
    s3.create_bucket(Bucket="full", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert not found(ChangeSetName=made("buckets", body(Q=queue()), "UPDATE")["ChangeSetId"])
    s3.put_object(Bucket="full", Key="one", Body=b"x")
    one = made("buckets", body(Q=queue()), "UPDATE")
    assert one["Status"] == "CREATE_COMPLETE", one
    [event] = found(ChangeSetName=one["ChangeSetId"])
    assert words(event)[:3] == ("BUCKET_EMPTINESS_VALIDATION", "WARN", "/Resources/B") and "'full' is not empty" in words(event)[3], event
    cfn.update_stack(StackName="buckets", TemplateBody=body(B={**bucket, "DeletionPolicy": "Retain"}, Q=queue()))
    settled("buckets", "UPDATE_COMPLETE")
    assert not found(ChangeSetName=made("buckets", body(Q=queue()), "UPDATE")["ChangeSetId"])


def creates_and_updates_are_validated_before_they_change_anything():
    cfn.create_stack(StackName="direct", TemplateBody=body(L=logs("taken"), Q=queue()))
    settled("direct", "ROLLBACK_COMPLETE")
    assert any(failed("ResourceExistenceCheck") in reason for reason in reasons("direct")), reasons("direct")
    assert {event["LogicalResourceId"] for event in events("direct")} == {"direct"}, events("direct")
    [event] = found(StackName="direct")
    assert event["OperationType"] == "CREATE_STACK" and event["ValidationName"] == "NAME_CONFLICT_VALIDATION", event
    create("later", body(Q=queue()))
    cfn.update_stack(StackName="later", TemplateBody=body(Q=queue(VisibilityTimeout=1), R=queue(Bogus=1)))
    settled("later", "UPDATE_ROLLBACK_COMPLETE")
    assert not any(event["LogicalResourceId"] == "R" for event in events("later")), events("later")
    [event] = found(StackName="later")
    assert (event["OperationType"], event["ValidationName"]) == ("UPDATE_STACK", "PROPERTY_VALIDATION"), event


def validation_can_be_turned_off():
    one = made("off", body(L=logs("taken")), DisableValidation=True)
    assert one["Status"] == "CREATE_COMPLETE" and not found(ChangeSetName=one["ChangeSetId"]), one
    cfn.execute_change_set(ChangeSetName=one["ChangeSetId"])
    settled("off", "ROLLBACK_COMPLETE")
    assert any("already exists" in reason for reason in reasons("off")), reasons("off")
    cfn.create_stack(StackName="off-2", TemplateBody=body(L=logs("taken")), DisableValidation=True)
    settled("off-2", "ROLLBACK_COMPLETE")
    assert any(event["LogicalResourceId"] == "L" and "already exists" in event.get("ResourceStatusReason", "") for event in events("off-2"))


def a_nested_change_set_is_validated_too():
    s3.create_bucket(Bucket="early-parts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="early-parts", Key="inner.json", Body=body(L=logs("taken")).encode())
    root = body(Inner={"Type": "AWS::CloudFormation::Stack", "Properties": {
        "TemplateURL": "https://early-parts.s3.eu-west-1.amazonaws.com/inner.json"}})
    one = made("nesting", root, IncludeNestedStacks=True)
    inner = one["StatusReason"].removeprefix("Nested change set ").removesuffix(" was not successfully created: Currently in FAILED.")
    assert one["Status"] == "FAILED" and inner.startswith("arn:"), one
    assert cfn.describe_change_set(ChangeSetName=inner)["StatusReason"] == failed("ResourceExistenceCheck")
    assert [event["ValidationName"] for event in found(ChangeSetName=inner)] == ["NAME_CONFLICT_VALIDATION"]


properties_are_compared_with_schemas()
a_name_that_is_taken_fails_the_change_set()
a_bucket_with_objects_is_a_warning()
creates_and_updates_are_validated_before_they_change_anything()
validation_can_be_turned_off()
a_nested_change_set_is_validated_too()
print("early: done")
