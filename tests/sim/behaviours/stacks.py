"""Stacks: created, updated, rolled back, deleted, listed."""

from account import Account, fault, wait
from answers import refused
from documented import body, created, documented, endless, gone, logs, named, outputs, physical, queue, updated, web


def fails(stack, resource, during, **more):
    fault(fault="resource-fails", stack=stack, resource=resource, during=during, reason="no", **more)


@documented("API Reference, CreateStack")
def a_stack_is_created_while_the_caller_goes_on(aws):
    aws.cfn.create_stack(StackName="made", TemplateBody=body({"Q": queue(), **endless()}))
    done = lambda: [event for event in aws.events("made") if event["LogicalResourceId"] == "Q" and event["ResourceStatus"] == "CREATE_COMPLETE"]
    wait(done, "the queue")
    assert aws.stack("made")["StackStatus"] == "CREATE_IN_PROGRESS"


@documented("API Reference, CreateStack: AlreadyExistsException")
def a_name_belongs_to_one_stack(aws):
    created(aws, "taken", body({"Q": queue()}))
    refused("AlreadyExistsException", "taken", aws.cfn.create_stack, StackName="taken", TemplateBody=body({"Q": queue()}))


@documented("API Reference, CreateStack: StackName")
def a_name_has_a_form(aws):
    refused("ValidationError", "stackName", aws.cfn.create_stack, StackName="1st", TemplateBody=body({"Q": queue()}))
    refused("ValidationError", "128", aws.cfn.create_stack, StackName="a" * 129, TemplateBody=body({"Q": queue()}))


@documented("API Reference, CreateStack: ClientRequestToken")
def a_token_makes_a_call_count_once(aws):
    words = {"StackName": "once", "TemplateBody": body({"Q": queue()}), "ClientRequestToken": "one"}
    assert aws.cfn.create_stack(**words)["StackId"] == aws.cfn.create_stack(**words)["StackId"]
    aws.settled("once", "CREATE_COMPLETE")
    assert {event["ClientRequestToken"] for event in aws.events("once")} == {"one"}


@documented("API Reference, CreateStack: TokenAlreadyExistsException")
def a_token_is_of_one_request(aws):
    created(aws, "once", body({"Q": queue()}), ClientRequestToken="one")
    refused("TokenAlreadyExistsException", "one", aws.cfn.create_stack, StackName="once", TemplateBody=body({"L": logs()}),
            ClientRequestToken="one")


@documented("User Guide, Stack failure options")
def a_failed_creation_rolls_back(aws):
    fails("falls", "L", "create")
    created(aws, "falls", body({"Q": queue(), "L": logs(DependsOn="Q")}), "ROLLBACK_COMPLETE")
    states = {own["LogicalResourceId"]: own["ResourceStatus"] for own in aws.cfn.describe_stack_resources(StackName="falls")["StackResources"]}
    assert states == {"Q": "DELETE_COMPLETE", "L": "DELETE_COMPLETE"}, states


@documented("User Guide, Troubleshooting: ROLLBACK_COMPLETE")
def what_was_never_created_can_only_be_deleted(aws):
    fails("never", "Q", "create")
    created(aws, "never", body({"Q": queue()}), "ROLLBACK_COMPLETE")
    refused("ValidationError", "ROLLBACK_COMPLETE", aws.cfn.update_stack, StackName="never", TemplateBody=body({"L": logs()}))
    aws.cfn.delete_stack(StackName="never")


@documented("User Guide, Stack failure options: preserve")
def a_failed_creation_stays_if_asked(aws):
    fails("stays", "L", "create")
    created(aws, "stays", body({"Q": queue(), "L": logs(DependsOn="Q")}), "CREATE_FAILED", DisableRollback=True)
    assert physical(aws, "stays", "Q")
    updated(aws, "stays", body({"Q": queue(), "L": logs(DependsOn="Q")}))


@documented("API Reference, CreateStack: OnFailure")
def a_failed_creation_deletes_the_stack_if_asked(aws):
    fails("away", "Q", "create")
    id = aws.cfn.create_stack(StackName="away", TemplateBody=body({"Q": queue()}), OnFailure="DELETE")["StackId"]
    gone(aws, id)


@documented("API Reference, UpdateStack")
def an_update_changes_what_differs(aws):
    created(aws, "moves", body({"Q": queue(1), "L": logs()}))
    before = physical(aws, "moves", "Q")
    stack = updated(aws, "moves", body({"Q": queue(2), "L": logs()}))
    assert "LastUpdatedTime" in stack and physical(aws, "moves", "Q") == before
    changed = {event["LogicalResourceId"] for event in aws.events("moves") if event["ResourceStatus"] == "UPDATE_COMPLETE"}
    assert changed == {"moves", "Q"}, changed


@documented("API Reference, UpdateStack: no updates")
def an_update_without_a_change_is_refused(aws):
    created(aws, "same", body({"Q": queue()}))
    refused("ValidationError", "No updates are to be performed.", aws.cfn.update_stack, StackName="same", TemplateBody=body({"Q": queue()}))


@documented("User Guide, Update behaviors: replacement")
def a_replaced_resource_is_deleted_after_the_new_one_works(aws):
    created(aws, "swap", body({"Q": named("swap-one")}))
    updated(aws, "swap", body({"Q": named("swap-two")}))
    assert physical(aws, "swap", "Q").endswith("swap-two")
    story = [(event["ResourceStatus"], event["PhysicalResourceId"].rsplit("/")[-1]) for event in aws.events("swap")[::-1]
             if event["LogicalResourceId"] == "Q" and event["ResourceStatus"].endswith("COMPLETE")]
    assert story == [("CREATE_COMPLETE", "swap-one"), ("UPDATE_COMPLETE", "swap-two"), ("DELETE_COMPLETE", "swap-one")], story


@documented("User Guide, UpdateReplacePolicy")
def a_replaced_resource_is_kept_if_asked(aws):
    created(aws, "keep", body({"Q": {**named("keep-one"), "UpdateReplacePolicy": "Retain"}}))
    updated(aws, "keep", body({"Q": {**named("keep-two"), "UpdateReplacePolicy": "Retain"}}))
    assert any(event["ResourceStatus"] == "DELETE_SKIPPED" for event in aws.events("keep"))


@documented("User Guide, Name type")
def a_name_that_is_taken_fails_the_resource(aws):
    created(aws, "first", body({"Q": named("only")}))
    aws.cfn.create_stack(StackName="second", TemplateBody=body({"Q": named("only")}))
    aws.settled("second", "ROLLBACK_COMPLETE")
    assert any("already exists" in reason for reason in aws.reasons("second")), aws.reasons("second")


@documented("User Guide, Update behaviors: rollback")
def a_failed_update_goes_back(aws):
    created(aws, "back", body({"Q": queue(1), "L": logs(DependsOn="Q")}))
    fails("back", "L", "update")
    updated(aws, "back", body({"Q": queue(2), "L": logs(7, DependsOn="Q")}), "UPDATE_ROLLBACK_COMPLETE")
    template = aws.cfn.get_template(StackName="back")["TemplateBody"]
    assert template["Resources"]["Q"]["Properties"]["VisibilityTimeout"] == 1, template


@documented("API Reference, RollbackStack")
def a_failed_update_stays_until_it_is_rolled_back(aws):
    created(aws, "wait", body({"L": logs()}))
    fails("wait", "L", "update")
    updated(aws, "wait", body({"L": logs(7)}), "UPDATE_FAILED", DisableRollback=True)
    aws.cfn.rollback_stack(StackName="wait")
    aws.settled("wait", "UPDATE_ROLLBACK_COMPLETE")


@documented("User Guide, Continue rolling back an update")
def a_rollback_that_fails_can_be_continued_without_a_resource(aws):
    created(aws, "stuck", body({"L": logs()}))
    fails("stuck", "L", "update")
    fails("stuck", "L", "rollback")
    updated(aws, "stuck", body({"L": logs(7)}), "UPDATE_ROLLBACK_FAILED")
    refused("ValidationError", "UPDATE_ROLLBACK_FAILED", aws.cfn.update_stack, StackName="stuck", TemplateBody=body({"L": logs(1)}))
    aws.cfn.continue_update_rollback(StackName="stuck", ResourcesToSkip=["L"])
    aws.settled("stuck", "UPDATE_ROLLBACK_COMPLETE")


@documented("API Reference, CancelUpdateStack")
def an_update_can_be_cancelled(aws):
    aws.ecs.create_cluster(clusterName="main")
    created(aws, "stop", web("stop:1"))
    fault(fault="image-hangs", image="stop:2")
    aws.cfn.update_stack(StackName="stop", TemplateBody=web("stop:2"))
    aws.cfn.cancel_update_stack(StackName="stop")
    aws.settled("stop", "UPDATE_ROLLBACK_COMPLETE")
    refused("ValidationError", "CancelUpdateStack cannot be called", aws.cfn.cancel_update_stack, StackName="stop")


@documented("API Reference, UpdateStack: one operation at a time")
def a_stack_does_one_thing_at_a_time(aws):
    aws.cfn.create_stack(StackName="busy", TemplateBody=body(endless()))
    refused("ValidationError", "CREATE_IN_PROGRESS", aws.cfn.update_stack, StackName="busy", TemplateBody=body({"L": logs()}))


@documented("API Reference, DeleteStack")
def a_stack_is_deleted_and_remembered_by_its_id(aws):
    id = created(aws, "end", body({"Q": queue()}))["StackId"]
    aws.cfn.delete_stack(StackName="end")
    gone(aws, id)
    refused("ValidationError", "Stack with id end does not exist", aws.cfn.describe_stacks, StackName="end")
    assert aws.stack(id)["StackStatus"] == "DELETE_COMPLETE" and aws.events(id)
    aws.cfn.delete_stack(StackName="end")


@documented("API Reference, DeleteStack: DELETE_FAILED")
def a_deletion_that_fails_can_leave_a_resource_behind(aws):
    id = created(aws, "left", body({"Q": queue()}))["StackId"]
    fails("left", "Q", "delete")
    aws.cfn.delete_stack(StackName="left")
    aws.settled("left", "DELETE_FAILED")
    aws.cfn.delete_stack(StackName="left", RetainResources=["Q"])
    gone(aws, id)


@documented("API Reference, DeleteStack: DeletionMode")
def a_deletion_can_be_forced(aws):
    id = created(aws, "hard", body({"Q": queue()}))["StackId"]
    fails("hard", "Q", "delete", times=2)
    aws.cfn.delete_stack(StackName="hard")
    aws.settled("hard", "DELETE_FAILED")
    aws.cfn.delete_stack(StackName="hard", DeletionMode="FORCE_DELETE_STACK")
    gone(aws, id)


@documented("User Guide, DeletionPolicy attribute")
def a_retained_resource_outlives_its_stack(aws):
    id = created(aws, "old", body({"Q": {**named("heir"), "DeletionPolicy": "Retain"}}))["StackId"]
    aws.cfn.delete_stack(StackName="old")
    gone(aws, id)
    assert any(event["ResourceStatus"] == "DELETE_SKIPPED" for event in aws.events(id))
    aws.cfn.create_stack(StackName="new", TemplateBody=body({"Q": named("heir")}))
    aws.settled("new", "ROLLBACK_COMPLETE")


@documented("User Guide, Protect stacks from being deleted")
def a_protected_stack_is_not_deleted(aws):
    created(aws, "safe", body({"Q": queue()}), EnableTerminationProtection=True)
    refused("ValidationError", "TerminationProtection", aws.cfn.delete_stack, StackName="safe")
    aws.cfn.update_termination_protection(StackName="safe", EnableTerminationProtection=False)
    aws.cfn.delete_stack(StackName="safe")


@documented("User Guide, Get exported outputs")
def an_export_serves_other_stacks_and_has_one_owner(aws):
    export = {"Name": {"Value": {"Fn::GetAtt": ["Q", "QueueName"]}, "Export": {"Name": "shared"}}}
    created(aws, "giver", body({"Q": named("given")}, Outputs=export))
    taker = body({"Q": queue()}, Outputs={"Got": {"Value": {"Fn::ImportValue": "shared"}}})
    assert outputs(created(aws, "taker", taker)) == {"Got": "given"}
    assert [export["Name"] for export in aws.cfn.list_exports()["Exports"]] == ["shared"]
    assert aws.cfn.list_imports(ExportName="shared")["Imports"] == ["taker"]
    aws.cfn.create_stack(StackName="rival", TemplateBody=body({"Q": named("other")}, Outputs=export))
    aws.settled("rival", "ROLLBACK_COMPLETE")


@documented("User Guide, Get exported outputs: delete")
def an_export_in_use_cannot_go(aws):
    export = {"Name": {"Value": "x", "Export": {"Name": "used"}}}
    created(aws, "giver", body({"Q": queue()}, Outputs=export))
    created(aws, "taker", body({"Q": queue()}, Outputs={"Got": {"Value": {"Fn::ImportValue": "used"}}}))
    aws.cfn.delete_stack(StackName="giver")
    assert "in use by taker" in aws.settled("giver", "CREATE_COMPLETE")["StackStatusReason"]
    updated(aws, "giver", body({"Q": queue()}), "UPDATE_ROLLBACK_COMPLETE")


@documented("API Reference, DescribeStackEvents")
def events_are_newest_first(aws):
    created(aws, "told", body({"Q": queue()}))
    events = aws.events("told")
    assert [event["ResourceStatus"] for event in events][::len(events) - 1] == ["CREATE_COMPLETE", "CREATE_IN_PROGRESS"]
    times = [event["Timestamp"] for event in events]
    assert times == sorted(times, reverse=True) and len({event["EventId"] for event in events}) == len(events)


@documented("API Reference, DescribeStacks: NextToken")
def listings_have_pages(aws):
    for number in range(5):
        aws.cfn.create_stack(StackName=f"page-{number}", TemplateBody=body({"Q": queue()}))
    first = aws.cfn.describe_stacks()
    assert len(first["Stacks"]) < 5 and first["NextToken"]
    pages = aws.cfn.get_paginator("describe_stacks").paginate().build_full_result()["Stacks"]
    assert sorted(stack["StackName"] for stack in pages) == [f"page-{number}" for number in range(5)]


@documented("API Reference, ListStacks")
def deleted_stacks_are_listed_by_status(aws):
    id = created(aws, "was", body({"Q": queue()}))["StackId"]
    aws.cfn.delete_stack(StackName="was")
    gone(aws, id)
    listed = aws.cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [stack["StackId"] for stack in listed] == [id] and "DeletionTime" in listed[0]
    assert aws.cfn.list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"] == []


@documented("API Reference, DescribeStackResources and ListStackResources")
def resources_are_told_by_stack_and_by_physical_id(aws):
    created(aws, "has", body({"Q": named("thing"), "L": logs()}))
    id = physical(aws, "has", "Q")
    found = aws.cfn.describe_stack_resources(PhysicalResourceId=id)["StackResources"]
    assert {own["LogicalResourceId"] for own in found} == {"Q", "L"}
    listed = aws.cfn.get_paginator("list_stack_resources").paginate(StackName="has").build_full_result()
    assert {own["LogicalResourceId"] for own in listed["StackResourceSummaries"]} == {"Q", "L"}


@documented("User Guide, Resource tag")
def tags_of_a_stack_go_to_its_resources(aws):
    tags = [{"Key": "team", "Value": "shop"}]
    stack = created(aws, "tagged", body({"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "ContainerDefinitions": [{"Name": "a", "Image": "a:1", "Memory": 64}]}}}), Tags=tags)
    assert stack["Tags"] == tags
    found = aws.ecs.list_tags_for_resource(resourceArn=physical(aws, "tagged", "Task"))["tags"]
    assert {"key": "team", "value": "shop"} in found and any(tag["key"] == "aws:cloudformation:stack-name" for tag in found)


@documented("General Reference, regions are separate")
def regions_and_accounts_are_apart(aws):
    created(aws, "here", body({"Q": queue()}))
    assert Account(aws.number, "us-east-1").cfn.describe_stacks()["Stacks"] == []
    assert Account(str(int(aws.number) + 500000000000)).cfn.describe_stacks()["Stacks"] == []


@documented("API Reference, CreateStack: TimeoutInMinutes")
def a_stack_shows_the_time_limit_of_its_creation(aws):
    assert created(aws, "slow", body({"Q": queue()}), TimeoutInMinutes=5)["TimeoutInMinutes"] == 5


@documented("API Reference, CreateStack: NotificationARNs")
def a_stack_names_the_topics_that_hear_of_it(aws):
    topic = f"arn:aws:sns:eu-west-1:{aws.number}:news"
    assert created(aws, "news", body({"Q": queue()}), NotificationARNs=[topic])["NotificationARNs"] == [topic]
    assert created(aws, "quiet", body({"Q": queue()}))["NotificationARNs"] == []


@documented("General Reference, throttling")
def calls_beyond_the_rate_are_throttled(aws):
    fault(fault="call", operation="ListExports", effect="throttle", account=aws.number)
    refused("Throttling", "Rate exceeded", aws.cfn.list_exports)
    wait(lambda: aws.cfn.list_exports()["Exports"] == [], "an answer")
