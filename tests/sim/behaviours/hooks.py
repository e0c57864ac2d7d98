"""Hooks of CloudFormation."""

from account import fault
from documented import body, created, documented, queue, updated

HOOK = "Example::Guard::Hook"
FAILED = f"The following hook(s) failed: [{HOOK}]"


def guard(stack, target, mode="FAIL"):
    fault(fault="guard-hook", hook=HOOK, target=target, mode=mode, reason="not like this", stack=stack)


@documented("CloudFormation Hooks User Guide, Testing a custom Hook")
def a_hook_fails_a_resource(aws):
    guard("guarded-1", "RESOURCE")
    created(aws, "guarded-1", body({"Q": queue()}), "ROLLBACK_COMPLETE")
    assert FAILED in aws.reasons("guarded-1"), aws.reasons("guarded-1")


@documented("CloudFormation Hooks User Guide, Hooks concepts: failure mode WARN")
def a_hook_can_only_warn(aws):
    guard("guarded-2", "RESOURCE", "WARN")
    created(aws, "guarded-2", body({"Q": queue()}))
    assert "Hook invocations complete.  Resource creation initiated" in aws.reasons("guarded-2"), aws.reasons("guarded-2")


@documented("API Reference, StackEvent: HookType, HookStatus, HookStatusReason")
def events_say_what_a_hook_found(aws):
    guard("guarded-3", "RESOURCE")
    created(aws, "guarded-3", body({"Q": queue()}), "ROLLBACK_COMPLETE")
    [event] = [event for event in aws.events("guarded-3") if event.get("HookStatus") == "HOOK_COMPLETE_FAILED"]
    assert (event["HookType"], event["HookFailureMode"], event["HookStatusReason"]) == (HOOK, "FAIL", "not like this"), event


@documented("CloudFormation Hooks User Guide, Hooks concepts: target STACK")
def a_hook_fails_a_stack_before_its_resources(aws):
    created(aws, "guarded-4", body({"Q": queue(1)}))
    guard("guarded-4", "STACK")
    updated(aws, "guarded-4", body({"Q": queue(2)}), "UPDATE_ROLLBACK_COMPLETE")
    assert not any(event["ResourceStatus"] == "UPDATE_IN_PROGRESS" and event["LogicalResourceId"] == "Q" for event in aws.events("guarded-4"))


@documented("API Reference, ListHookResults: TargetType CHANGE_SET")
def a_hook_fails_a_change_set(aws):
    guard("guarded-5", "CHANGE_SET")
    one = aws.change_set("guarded-5", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=body({"Q": queue()}))
    assert one["Status"] == "FAILED" and FAILED in one["StatusReason"], one
    [result] = aws.cfn.list_hook_results(TargetType="CHANGE_SET", TargetId=one["ChangeSetId"])["HookResults"]
    assert (result["TypeName"], result["Status"]) == (HOOK, "HOOK_COMPLETE_FAILED"), result


@documented("API Reference, GetHookResult")
def a_result_says_what_was_looked_at(aws):
    guard("guarded-6", "RESOURCE")
    created(aws, "guarded-6", body({"Q": queue()}), "ROLLBACK_COMPLETE")
    [result] = aws.cfn.list_hook_results()["HookResults"]
    found = aws.cfn.get_hook_result(HookResultId=result["HookResultId"])
    assert (found["Target"]["TargetTypeName"], found["Target"]["Action"]) == ("AWS::SQS::Queue", "CREATE"), found


@documented("API Reference, OperationEvent: EventType HOOK_INVOCATION_ERROR")
def a_hook_is_an_error_of_its_own(aws):
    guard("guarded-7", "RESOURCE")
    created(aws, "guarded-7", body({"Q": queue()}), "ROLLBACK_COMPLETE")
    events = aws.cfn.get_paginator("describe_events").paginate(StackName="guarded-7").build_full_result()["OperationEvents"]
    assert [event["HookType"] for event in events if event["EventType"] == "HOOK_INVOCATION_ERROR"] == [HOOK], events
