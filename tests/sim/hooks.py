"""Hooks of CloudFormation, which faults make: what they stop, what they only warn of, and where their results are. With boto3."""

import itertools
import json
import urllib.error

from account import cfn, change_set, clear, events, fault, reasons, settled
from answers import refused

NUMBERS = itertools.count()
HOOK = "Example::Guard::Hook"
ARN = "arn:aws:cloudformation:eu-west-1:111111111111:type/hook/Example-Guard-Hook"
FAILED = f"The following hook(s) failed: [{HOOK}]"


def guard(target, mode="FAIL", reason="no public queues", **more):
    fault(fault="guard-hook", hook=HOOK, target=target, mode=mode, reason=reason, **more)


def queue(seconds=30, **more):
    return {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}, **more}


def body(**resources):
    return json.dumps({"Resources": resources})


def create(name, template, status="CREATE_COMPLETE", **more):
    cfn.create_stack(StackName=name, TemplateBody=template, **more)
    return settled(name, status)


def update(name, template, status="UPDATE_COMPLETE", **more):
    cfn.update_stack(StackName=name, TemplateBody=template, **more)
    return settled(name, status)


def told(name, logical):
    rows = [event for event in reversed(events(name)) if event["LogicalResourceId"] == logical]
    return [(row["ResourceStatus"], row.get("HookStatus"), row.get("HookStatusReason") or row.get("ResourceStatusReason")) for row in rows]


def a_hook_fails_a_resource():
    guard("RESOURCE", resource="AWS::SQS::Queue")
    create("fails", body(Q=queue(), L={"Type": "AWS::Logs::LogGroup"}), "ROLLBACK_COMPLETE")
    assert told("fails", "Q")[:4] == [
        ("CREATE_IN_PROGRESS", None, None), ("CREATE_IN_PROGRESS", "HOOK_IN_PROGRESS", None),
        ("CREATE_IN_PROGRESS", "HOOK_COMPLETE_FAILED", "no public queues"), ("CREATE_FAILED", None, FAILED)], told("fails", "Q")
    assert not any(hook for _, hook, _ in told("fails", "L")), told("fails", "L")
    ran = [event for event in events("fails") if event.get("HookStatus") == "HOOK_COMPLETE_FAILED"]
    [ran] = ran
    assert (ran["HookType"], ran["HookInvocationPoint"], ran["HookFailureMode"]) == (HOOK, "PRE_PROVISION", "FAIL"), ran
    errors = cfn.get_paginator("describe_events").paginate(StackName="fails", Filters={"FailedEvents": True}).build_full_result()
    [error] = [event for event in errors["OperationEvents"] if event["EventType"] == "HOOK_INVOCATION_ERROR"]
    assert (error["HookType"], error["HookStatusReason"], error["LogicalResourceId"]) == (HOOK, "no public queues", "Q"), error
    result = cfn.get_hook_result(HookResultId=ran["HookInvocationId"])
    assert (result["Status"], result["TypeName"], result["TypeArn"], result["FailureMode"], result["HookStatusReason"]) == (
        "HOOK_COMPLETE_FAILED", HOOK, ARN, "FAIL", "no public queues"), result
    assert result["Target"] == {"TargetType": "RESOURCE", "TargetTypeName": "AWS::SQS::Queue", "TargetId": "Q", "Action": "CREATE"}, result
    clear()


def a_hook_that_warns_stops_nothing():
    guard("RESOURCE", "WARN", stack="warned")
    create("warned", body(Q=queue()))
    assert ("CREATE_IN_PROGRESS", None, "Hook invocations complete.  Resource creation initiated") in told("warned", "Q"), told("warned", "Q")
    update("warned", body(Q=queue(1)))
    assert ("UPDATE_IN_PROGRESS", "HOOK_COMPLETE_FAILED", "no public queues") in told("warned", "Q"), told("warned", "Q")
    clear()


def a_hook_fails_updates_and_deletions_of_resources_but_no_rollback():
    create("kept", body(Q=queue(), R=queue()))
    guard("RESOURCE", stack="kept", resource="R")
    update("kept", body(Q=queue(1, DependsOn="R"), R=queue(1)), "UPDATE_ROLLBACK_COMPLETE")
    assert ("UPDATE_FAILED", None, FAILED) in told("kept", "R"), told("kept", "R")
    cfn.delete_stack(StackName="kept")
    settled("kept", "DELETE_FAILED")
    assert ("DELETE_FAILED", None, FAILED) in told("kept", "R"), told("kept", "R")
    clear()
    cfn.delete_stack(StackName="kept")


def a_hook_fails_the_operations_of_a_stack():
    guard("STACK", stack="whole")
    create("whole", body(Q=queue()), "ROLLBACK_COMPLETE")
    assert {event["LogicalResourceId"] for event in events("whole")} == {"whole"}, events("whole")
    assert any(reason.startswith(FAILED) for reason in reasons("whole")), reasons("whole")
    assert ("CREATE_IN_PROGRESS", "HOOK_COMPLETE_FAILED", "no public queues") in told("whole", "whole"), told("whole", "whole")
    clear()
    create("whole-2", body(Q=queue()))
    guard("STACK", stack="whole-2")
    update("whole-2", body(Q=queue(1)), "UPDATE_ROLLBACK_COMPLETE")
    cfn.delete_stack(StackName="whole-2")
    assert settled("whole-2", "DELETE_FAILED")["StackStatusReason"].startswith(FAILED)
    clear()
    id = events("whole-2")[0]["StackId"]
    cfn.delete_stack(StackName="whole-2")
    settled(id, "DELETE_COMPLETE")


def a_hook_fails_a_change_set():
    guard("CHANGE_SET", stack="sets")
    made = lambda **more: change_set("sets", ChangeSetName=f"c{next(NUMBERS)}", ChangeSetType="CREATE", TemplateBody=body(Q=queue()), **more)
    one = made()
    assert (one["Status"], one["StatusReason"]) == ("FAILED", f"Change set creation failed. {FAILED}"), one
    found = cfn.list_hook_results(TargetType="CHANGE_SET", TargetId=one["ChangeSetId"])
    [result] = found["HookResults"]
    assert (found["TargetType"], found["TargetId"]) == ("CHANGE_SET", one["ChangeSetId"]), found
    assert (result["TypeName"], result["Status"], result["HookStatusReason"]) == (HOOK, "HOOK_COMPLETE_FAILED", "no public queues"), result
    assert "Target" not in cfn.get_hook_result(HookResultId=result["HookResultId"])
    clear()
    guard("CHANGE_SET", "WARN")
    assert made()["Status"] == "CREATE_COMPLETE"
    clear()
    other = made()["ChangeSetId"]
    refused("HookResultNotFound", other, cfn.list_hook_results, TargetType="CHANGE_SET", TargetId=other)


def results_can_be_listed():
    pages, token = [], None
    while True:
        page = cfn.list_hook_results(TypeArn=ARN, Status="HOOK_COMPLETE_FAILED", **({"NextToken": token} if token else {}))
        pages, token = pages + page["HookResults"], page.get("NextToken")
        if not token:
            break
    assert len(pages) > 5 and all(one["TypeArn"] == ARN and one["HookExecutionTarget"] for one in pages), pages
    assert not cfn.list_hook_results(TypeArn=ARN, Status="HOOK_FAILED")["HookResults"]
    for wrong in ({"Status": "HOOK_FAILED"}, {"TargetType": "CHANGE_SET"}, {"TargetType": "STACK", "TargetId": "arn:aws:x"}):
        refused("ValidationError", "", cfn.list_hook_results, **wrong)
    refused("HookResultNotFound", "", cfn.get_hook_result, HookResultId="00000000-0000-0000-0000-000000000000")


def a_hook_has_a_name():
    for words in ({"hook": "Guard"}, {"target": "STACK", "resource": "Q"}, {"mode": "fail"}):
        try:
            fault(**{"fault": "guard-hook", "hook": HOOK, "target": "RESOURCE", "mode": "FAIL", "reason": "no", **words})
        except urllib.error.HTTPError as error:
            assert error.code == 400, error
        else:
            raise AssertionError(f"{words} was queued")


a_hook_fails_a_resource()
a_hook_that_warns_stops_nothing()
a_hook_fails_updates_and_deletions_of_resources_but_no_rollback()
a_hook_fails_the_operations_of_a_stack()
a_hook_fails_a_change_set()
results_can_be_listed()
a_hook_has_a_name()
print("hooks: done")
