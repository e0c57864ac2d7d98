"""Imports: change sets that make resources part of a stack which exist already, and those that import what they would create. With
boto3."""

import itertools
import json

import boto3
from account import KEYS, WHERE, cfn, change_set, clear, detected, ecs, events, fault, settled, wait
from answers import refused

NUMBERS = itertools.count()


def body(**resources):
    return json.dumps({"Resources": resources})


def logs(name, days=30, policy="Retain", **more):
    return {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": policy,
            "Properties": {"LogGroupName": name, "RetentionInDays": days}, **more}


def queue(name=None, **more):
    return {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "Properties": {"QueueName": name} if name else {}, **more}


def create(name, template, status="CREATE_COMPLETE", **more):
    cfn.create_stack(StackName=name, TemplateBody=template, **more)
    return settled(name, status)


def left(**resources):
    """Resources that a stack left behind, by logical id their physical ids."""
    name = f"left-{next(NUMBERS)}"
    create(name, body(**resources))
    found = cfn.describe_stack_resources(StackName=name)["StackResources"]
    id = found[0]["StackId"]
    cfn.delete_stack(StackName=name)
    settled(id, "DELETE_COMPLETE")
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in found}


def listed(logical, kind, **identifier):
    return {"ResourceType": kind, "LogicalResourceId": logical, "ResourceIdentifier": identifier}


def a_group(logical, name):
    return listed(logical, "AWS::Logs::LogGroup", LogGroupName=name)


def imports(name, template, *resources, **more):
    return change_set(name, ChangeSetName=f"c{next(NUMBERS)}", ChangeSetType="IMPORT", TemplateBody=template,
                      ResourcesToImport=list(resources), **more)


def execute(found, status):
    cfn.execute_change_set(ChangeSetName=found["ChangeSetId"])
    return settled(found["StackName"], status)


def told(name, logical):
    rows = [event for event in reversed(events(name)) if event["LogicalResourceId"] == logical]
    return [(row["ResourceStatus"], row.get("ResourceStatusReason")) for row in rows]


def refused_import(part, name, template, *resources, **more):
    refused("ValidationError", part, cfn.create_change_set, StackName=name, ChangeSetName="refused", ChangeSetType="IMPORT",
            TemplateBody=template, ResourcesToImport=list(resources), **more)


def action(found):
    return {row["ResourceChange"]["LogicalResourceId"]: row["ResourceChange"]["Action"] for row in found["Changes"]}


def a_new_stack_is_made_of_what_another_left():
    ids = left(L=logs("kept"), Q=queue())
    summary = cfn.get_template_summary(TemplateBody=body(L=logs("kept"), Q=queue()))["ResourceIdentifierSummaries"]
    assert {row["ResourceType"]: (row["LogicalResourceIds"], row["ResourceIdentifiers"]) for row in summary} == {
        "AWS::Logs::LogGroup": (["L"], ["LogGroupName"]), "AWS::SQS::Queue": (["Q"], ["QueueUrl"])}, summary
    found = imports("taker", body(L=logs("kept"), Q=queue()), a_group("L", "kept"), listed("Q", "AWS::SQS::Queue", QueueUrl=ids["Q"]))
    assert (found["Status"], found["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE"), found
    assert found["StatusReason"].startswith("Verify that resources and their properties"), found
    row = {row["ResourceChange"]["LogicalResourceId"]: row["ResourceChange"] for row in found["Changes"]}["Q"]
    assert (row["Action"], row["PhysicalResourceId"], row["Scope"], row["Details"]) == ("Import", ids["Q"], [], []), row
    assert "Replacement" not in row and "PolicyAction" not in row, row
    execute(found, "IMPORT_COMPLETE")
    assert told("taker", "taker") == [
        ("REVIEW_IN_PROGRESS", "User Initiated"), ("IMPORT_IN_PROGRESS", "User Initiated"), ("IMPORT_COMPLETE", None)], told("taker", "taker")
    assert told("taker", "L") == [
        ("IMPORT_IN_PROGRESS", "Resource import started."), ("IMPORT_COMPLETE", "Resource import completed."),
        ("UPDATE_IN_PROGRESS", "Apply stack-level tags to imported resource if applicable."), ("UPDATE_COMPLETE", None)], told("taker", "L")
    assert detected("taker")["StackDriftStatus"] == "IN_SYNC"
    # It is a stack like others from now on.
    cfn.update_stack(StackName="taker", TemplateBody=body(L=logs("kept", 7), Q=queue()))
    settled("taker", "UPDATE_COMPLETE")


def an_existing_stack_gets_one_more():
    left(L=logs("more", days=1))
    create("has", body(Q=queue()))
    execute(imports("has", body(Q=queue(), L=logs("more", days=30)), a_group("L", "more")), "IMPORT_COMPLETE")
    # What differs from the template is drift.
    assert detected("has")["StackDriftStatus"] == "DRIFTED"
    [drift] = cfn.describe_stack_resource_drifts(StackName="has", StackResourceDriftStatusFilters=["MODIFIED"])["StackResourceDrifts"]
    assert [(row["PropertyPath"], row["ExpectedValue"], row["ActualValue"]) for row in drift["PropertyDifferences"]] == [
        ("/RetentionInDays", "30", "1")], drift
    refused("ValidationError", "already in a stack and cannot be imported", cfn.create_change_set, StackName="has", ChangeSetName="x",
            ChangeSetType="IMPORT", ResourcesToImport=[a_group("L", "more")],
            TemplateBody=body(Q=queue(), L=logs("more"), N=queue()))


def what_is_wrong_with_an_import_is_said_before_it():
    create("strict", body(Q=queue()))
    new = body(Q=queue(), L=logs("wrong"))
    one = a_group("L", "wrong")
    refused_import("Must Provide at least one resource to import", "strict", new)
    refused_import("Every resource to import must have unique LogicalResourceId", "strict", new, one, one)
    refused_import("unique ResourceIdentifier", "strict", body(Q=queue(), L=logs("wrong"), M=logs("wrong")), one, a_group("M", "wrong"))
    refused_import("The logical resource ids [M] provided in ResourceToImport do not exist in the template.", "strict", new, a_group("M", "wrong"))
    refused_import("Invalid resource identifier for resource type AWS::Logs::LogGroup. Expected [LogGroupName]", "strict", new,
                   listed("L", "AWS::Logs::LogGroup", Name="wrong"))
    refused_import("Resource type in ResourceToImport: AWS::SQS::Queue; Resource type in Template: AWS::Logs::LogGroup.", "strict", new,
                   listed("L", "AWS::SQS::Queue", QueueUrl="wrong"))
    refused_import("ResourceTypes [AWS::CloudFormation::WaitConditionHandle] are not supported for Import", "strict",
                   body(Q=queue(), L={"Type": "AWS::CloudFormation::WaitConditionHandle"}),
                   listed("L", "AWS::CloudFormation::WaitConditionHandle", Id="wrong"))
    refused_import("The template should contain at least one new resource to import.", "strict", body(Q=queue()), listed("Q", "AWS::SQS::Queue", QueueUrl="wrong"))
    refused_import("Resources [N] is missing from ResourceToImport list", "strict", body(Q=queue(), L=logs("wrong"), N=queue()), one)
    refused_import("You have modified resources [Q] in your template that are not being imported. Update, create or delete operations "
                   "cannot be executed during import operations.", "strict", body(L=logs("wrong")), one)
    bare = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "wrong"}}
    refused_import("The following resources to import [L] must have DeletionPolicy attribute specified in the template.", "strict",
                   body(Q=queue(), L=bare), one)
    refused_import("you cannot modify or add [Tags]", "strict", new, one, Tags=[{"Key": "a", "Value": "b"}])
    refused_import("you cannot modify or add [Outputs]", "fresh", json.dumps({
        "Resources": {"L": logs("wrong")}, "Outputs": {"O": {"Value": "x"}}}), one)
    refused("ValidationError", "does not exist", cfn.describe_stacks, StackName="fresh")
    refused("ValidationError", "type IMPORT", cfn.create_change_set, StackName="strict", ChangeSetName="x", TemplateBody=new, ResourcesToImport=[one])


def what_does_not_exist_or_has_a_stack_cannot_be_imported():
    found = imports("none", body(L=logs("nothing")), a_group("L", "nothing"))
    assert (found["Status"], found["ExecutionStatus"], found["Changes"]) == ("FAILED", "UNAVAILABLE", []), found
    assert found["StatusReason"] == "Resource of type 'AWS::Logs::LogGroup' with identifier 'nothing' was not found.", found
    owner = create("owner", body(L=logs("owned")))["StackId"]
    found = imports("none", body(L=logs("owned")), a_group("L", "owned"))
    assert found["StatusReason"] == f"owned already exists in stack {owner}", found


def a_failed_import_is_taken_back():
    left(L=logs("back"), M=logs("back-2"))
    create("failing", body(Q=queue()))
    found = imports("failing", body(Q=queue(), L=logs("back"), M=logs("back-2", DependsOn="L")), a_group("L", "back"), a_group("M", "back-2"))
    fault(fault="resource-fails", stack="failing", resource="M", during="import", reason="no")
    execute(found, "IMPORT_ROLLBACK_COMPLETE")
    assert [status for status, _ in told("failing", "failing")][-3:] == [
        "IMPORT_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE"], told("failing", "failing")
    assert ("IMPORT_FAILED", "no") in told("failing", "M") and told("failing", "L")[-1][0] == "IMPORT_ROLLBACK_COMPLETE", told("failing", "L")
    assert [row["LogicalResourceId"] for row in cfn.describe_stack_resources(StackName="failing")["StackResources"]] == ["Q"]
    # Nothing was deleted, and the stack can try again.
    execute(imports("failing", body(Q=queue(), L=logs("back"), M=logs("back-2")), a_group("L", "back"), a_group("M", "back-2")), "IMPORT_COMPLETE")
    fault(fault="resource-fails", stack="newer", resource="N", during="import", reason="no")
    left(N=logs("newer"))
    execute(imports("newer", body(N=logs("newer")), a_group("N", "newer")), "IMPORT_ROLLBACK_COMPLETE")
    clear()


def what_ecs_was_asked_for_can_be_imported():
    ecs.create_cluster(clusterName="by-hand")
    task = ecs.register_task_definition(family="by-hand", containerDefinitions=[{"name": "app", "image": "web:1", "memory": 128}])
    arn = task["taskDefinition"]["taskDefinitionArn"]
    service = ecs.create_service(cluster="by-hand", serviceName="web", taskDefinition=arn, desiredCount=1)["service"]["serviceArn"]
    resources = {
        "Cluster": {"Type": "AWS::ECS::Cluster", "DeletionPolicy": "Retain", "Properties": {"ClusterName": "by-hand"}},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "DeletionPolicy": "Retain", "Properties": {
            "Family": "by-hand", "ContainerDefinitions": [{"Name": "app", "Image": "web:1", "Memory": 128}]}},
        "Service": {"Type": "AWS::ECS::Service", "DeletionPolicy": "Delete", "Properties": {
            "Cluster": {"Ref": "Cluster"}, "ServiceName": "web", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1}}}
    found = imports("adopted", body(**resources), listed("Cluster", "AWS::ECS::Cluster", ClusterName="by-hand"),
                    listed("Task", "AWS::ECS::TaskDefinition", TaskDefinitionArn=arn),
                    listed("Service", "AWS::ECS::Service", ServiceArn=service, Cluster="by-hand"))
    assert found["Status"] == "CREATE_COMPLETE", found
    execute(found, "IMPORT_COMPLETE")
    resources["Task"]["Properties"]["ContainerDefinitions"][0]["Image"] = "web:2"
    cfn.update_stack(StackName="adopted", TemplateBody=body(**resources))
    settled("adopted", "UPDATE_COMPLETE")
    running = ecs.describe_services(cluster="by-hand", services=[service])["services"][0]
    assert running["taskDefinition"] != arn, running
    cfn.delete_stack(StackName="adopted")
    wait(lambda: ecs.describe_services(cluster="by-hand", services=[service])["services"][0]["status"] != "ACTIVE", "the deletion")


def existing(name, template, kind="UPDATE", **more):
    return change_set(name, ChangeSetName=f"c{next(NUMBERS)}", ChangeSetType=kind, TemplateBody=template, ImportExistingResources=True, **more)


def a_name_that_is_taken_outside_of_stacks_is_imported():
    left(L=logs("auto"))
    found = existing("auto", body(L=logs("auto"), Q=queue()), "CREATE")
    assert action(found) == {"L": "Import", "Q": "Add"} and found["ImportExistingResources"], found
    execute(found, "CREATE_COMPLETE")
    assert told("auto", "L")[0] == ("IMPORT_IN_PROGRESS", "Resource import started."), told("auto", "L")
    left(M=logs("auto-2"), N=logs("auto-3"))
    unsafe = body(L=logs("auto"), Q=queue(), M=logs("auto-2", policy="Delete"))
    found = existing("auto", unsafe)
    assert found["Status"] == "FAILED" and found["StatusReason"].endswith("The affected resources are M ({LogGroupName=auto-2})"), found
    # A name that a function gives is not seen, and neither is one that a stack has.
    dynamic = logs({"Fn::Sub": "auto-2"})
    create("auto-owner", body(O=logs("auto-4")))
    found = existing("auto", body(L=logs("auto"), Q=queue(), M=dynamic, N=logs("auto-3"), P=logs("auto-5")), DisableValidation=True)
    assert action(found) == {"M": "Add", "N": "Import", "P": "Add"}, found
    found = existing("auto", body(L=logs("auto"), Q=queue(), O=logs("auto-4")))
    assert found["Status"] == "FAILED" and "ResourceExistenceCheck" in found["StatusReason"], found
    found = existing("auto", body(L=logs("auto"), Q=queue(), N=logs("auto-3"), P=logs("auto-5")))
    # The rollback of what also imports deletes only what it made.
    fault(fault="resource-fails", stack="auto", resource="P", during="create", reason="no")
    execute(found, "UPDATE_ROLLBACK_COMPLETE")
    assert existing("auto-again", body(N=logs("auto-3")), "CREATE")["Changes"][0]["ResourceChange"]["Action"] == "Import"


def only_the_first_of_two_stacks_imports():
    left(L=logs("both"))
    sets = [imports(name, body(L=logs("both")), a_group("L", "both")) for name in ("first", "second")]
    for found in sets:
        cfn.execute_change_set(ChangeSetName=found["ChangeSetId"])
    first = settled("first", "IMPORT_COMPLETE")["StackId"]
    settled("second", "IMPORT_ROLLBACK_COMPLETE")
    assert any(reason == f"both already exists in stack {first}" for _, reason in told("second", "L")), told("second", "L")
    assert cfn.describe_stack_resources(PhysicalResourceId="both")["StackResources"][0]["StackName"] == "first"


def a_nested_stack_imports_with_its_root():
    left(L=logs("inner"))
    s3 = boto3.client("s3", **WHERE, **KEYS)
    s3.create_bucket(Bucket="import-parts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="import-parts", Key="inner.json", Body=body(L=logs("inner"), Q=queue()).encode())
    root = body(Inner={"Type": "AWS::CloudFormation::Stack", "Properties": {
        "TemplateURL": "https://s3.eu-west-1.amazonaws.com/import-parts/inner.json"}})
    found = existing("nesting", root, "CREATE", IncludeNestedStacks=True)
    [row] = found["Changes"]
    own = cfn.describe_change_set(ChangeSetName=row["ResourceChange"]["ChangeSetId"])
    assert action(own) == {"L": "Import", "Q": "Add"}, own
    execute(found, "CREATE_COMPLETE")
    assert told(own["StackId"], "L")[0] == ("IMPORT_IN_PROGRESS", "Resource import started."), told(own["StackId"], "L")


def a_stack_is_nested_in_another_one():
    s3 = boto3.client("s3", **WHERE, **KEYS)
    s3.create_bucket(Bucket="nest-parts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    template = json.dumps({"Resources": {"Q": queue()}, "Outputs": {"Url": {"Value": {"Ref": "Q"}}}})
    s3.put_object(Bucket="nest-parts", Key="inner.json", Body=template.encode())
    s3.put_object(Bucket="nest-parts", Key="other.json", Body=body(Other=queue()).encode())

    def inner(key="inner.json", **more):
        return {"Type": "AWS::CloudFormation::Stack", "DeletionPolicy": "Retain", "Properties": {
            "TemplateURL": f"https://s3.eu-west-1.amazonaws.com/nest-parts/{key}", **more}}

    def to_nest(id, logical="Inner"):
        return listed(logical, "AWS::CloudFormation::Stack", StackId=id)

    def fails(name, words, resource):
        execute(imports(name, body(Q=queue(), Inner=resource), to_nest(id)), "IMPORT_ROLLBACK_COMPLETE")
        assert any(status == "IMPORT_FAILED" and words in why for status, why in told(name, "Inner")), told(name, "Inner")
        assert "ParentId" not in cfn.describe_stacks(StackName=id)["Stacks"][0]

    id = create("alone", template)["StackId"]
    create("around", body(Q=queue()))
    fails("around", "does not match the template of stack", inner("other.json"))
    fails("around", "do not match the tags of stack", inner(Tags=[{"Key": "a", "Value": "b"}]))
    execute(imports("around", body(Q=queue(), Inner=inner()), to_nest(id)), "IMPORT_COMPLETE")
    found = cfn.describe_stacks(StackName=id)["Stacks"][0]
    around = cfn.describe_stacks(StackName="around")["Stacks"][0]["StackId"]
    assert (found["ParentId"], found["RootId"], found["StackStatus"]) == (around, around, "CREATE_COMPLETE"), found
    # It belongs to its parent from now on, whose template can use its outputs.
    with_output = {"Resources": {"Q": queue(), "Inner": inner()}, "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Url"]}}}}
    cfn.update_stack(StackName="around", TemplateBody=json.dumps(with_output))
    assert settled("around", "UPDATE_COMPLETE")["Outputs"][0]["OutputValue"] == found["Outputs"][0]["OutputValue"]
    taken = imports("third", body(Inner=inner()), to_nest(id))
    assert taken["Status"] == "FAILED" and "already exists in stack" in taken["StatusReason"], taken
    # One level only. A parent that lets it go leaves it as it was.
    create("outermost", body(Q=queue()))
    s3.put_object(Bucket="nest-parts", Key="around.json", Body=json.dumps(with_output).encode())
    execute(imports("outermost", body(Q=queue(), Inner=inner("around.json")), to_nest(around)), "IMPORT_ROLLBACK_COMPLETE")
    assert any("has nested stacks" in (why or "") for _, why in told("outermost", "Inner")), told("outermost", "Inner")
    cfn.update_stack(StackName="around", TemplateBody=body(Q=queue()))
    settled("around", "UPDATE_COMPLETE")
    found = cfn.describe_stacks(StackName="alone")["Stacks"][0]
    assert "ParentId" not in found and found["StackStatus"] == "CREATE_COMPLETE", found


a_new_stack_is_made_of_what_another_left()
only_the_first_of_two_stacks_imports()
an_existing_stack_gets_one_more()
what_is_wrong_with_an_import_is_said_before_it()
what_does_not_exist_or_has_a_stack_cannot_be_imported()
a_failed_import_is_taken_back()
what_ecs_was_asked_for_can_be_imported()
a_name_that_is_taken_outside_of_stacks_is_imported()
a_nested_stack_imports_with_its_root()
a_stack_is_nested_in_another_one()
print("imports: done")
