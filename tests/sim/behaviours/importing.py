"""Imports: resources that exist already become part of a stack."""

from account import fault
from answers import refused
from change_sets import execute, rows
from documented import body, created, documented, gone, named, physical, queue, updated

KEPT = {"DeletionPolicy": "Retain"}


def group(name, **more):
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}, **more}


def to_import(logical, name):
    return {"ResourceType": "AWS::Logs::LogGroup", "LogicalResourceId": logical, "ResourceIdentifier": {"LogGroupName": name}}


def leave(aws, name):
    """A log group that a deleted stack left behind."""
    id = created(aws, "leaves", body({"L": group(name, **KEPT)}))["StackId"]
    aws.cfn.delete_stack(StackName="leaves")
    gone(aws, id)


def imports(aws, stack, resources, *listed, **more):
    return aws.change_set(stack, ChangeSetName="import", ChangeSetType="IMPORT", TemplateBody=body(resources), ResourcesToImport=list(listed), **more)


def statuses(aws, stack, logical):
    return [event["ResourceStatus"] for event in reversed(aws.events(stack)) if event["LogicalResourceId"] == logical]


@documented("User Guide, Create a stack from existing resources")
def a_new_stack_can_be_made_of_what_exists(aws):
    leave(aws, "one")
    found = imports(aws, "new", {"L": group("one", **KEPT)}, to_import("L", "one"))
    assert aws.stack("new")["StackStatus"] == "REVIEW_IN_PROGRESS"
    execute(aws, found, "IMPORT_COMPLETE")
    assert physical(aws, "new", "L") == "one"


@documented("User Guide, Import existing resources into a stack")
def an_existing_stack_can_import(aws):
    leave(aws, "one")
    created(aws, "web", body({"Q": queue()}))
    execute(aws, imports(aws, "web", {"Q": queue(), "L": group("one", **KEPT)}, to_import("L", "one")), "IMPORT_COMPLETE")
    updated(aws, "web", body({"Q": queue(1), "L": group("one")}))


@documented("API Reference, ResourceChange: Action Import")
def a_change_set_says_what_is_imported(aws):
    leave(aws, "one")
    row = rows(imports(aws, "new", {"L": group("one", **KEPT)}, to_import("L", "one")))["L"]
    assert (row["Action"], row["PhysicalResourceId"]) == ("Import", "one") and "Replacement" not in row, row


@documented("User Guide, Resource import: DeletionPolicy")
def an_import_needs_a_deletion_policy(aws):
    leave(aws, "one")
    refused("ValidationError", "must have DeletionPolicy attribute", aws.cfn.create_change_set, StackName="new", ChangeSetName="x",
            ChangeSetType="IMPORT", TemplateBody=body({"L": group("one")}), ResourcesToImport=[to_import("L", "one")])


@documented("User Guide, Resource import: validation, the resource exists")
def what_does_not_exist_is_not_imported(aws):
    found = imports(aws, "new", {"L": group("none", **KEPT)}, to_import("L", "none"))
    assert found["Status"] == "FAILED" and "was not found" in found["StatusReason"], found


@documented("User Guide, Resource import: validation, the resource does not belong to another stack")
def what_has_a_stack_is_not_imported(aws):
    created(aws, "owner", body({"L": group("owned", **KEPT)}))
    found = imports(aws, "new", {"L": group("owned", **KEPT)}, to_import("L", "owned"))
    assert found["Status"] == "FAILED" and "already exists in stack" in found["StatusReason"], found


@documented("User Guide, Resource import: no other changes")
def an_import_changes_nothing_else(aws):
    leave(aws, "one")
    created(aws, "web", body({"Q": queue(1)}))
    for resources, words in (({"Q": queue(2)}, "You have modified resources [Q]"), ({"Q": queue(1), "R": queue()}, "Resources [R] is missing")):
        refused("ValidationError", words, aws.cfn.create_change_set, StackName="web", ChangeSetName="x", ChangeSetType="IMPORT",
                TemplateBody=body({**resources, "L": group("one", **KEPT)}), ResourcesToImport=[to_import("L", "one")])


@documented("API Reference, ResourceStatus: IMPORT_IN_PROGRESS, IMPORT_COMPLETE")
def an_import_has_events_of_its_own(aws):
    leave(aws, "one")
    execute(aws, imports(aws, "new", {"L": group("one", **KEPT)}, to_import("L", "one")), "IMPORT_COMPLETE")
    assert statuses(aws, "new", "L") == ["IMPORT_IN_PROGRESS", "IMPORT_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert statuses(aws, "new", "new")[-2:] == ["IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"]


@documented("User Guide, Stack status codes: IMPORT_ROLLBACK_COMPLETE")
def a_failed_import_goes_back(aws):
    leave(aws, "one")
    found = imports(aws, "import-fails", {"L": group("one", **KEPT)}, to_import("L", "one"))
    fault(fault="resource-fails", stack="import-fails", resource="L", during="import", reason="no")
    execute(aws, found, "IMPORT_ROLLBACK_COMPLETE")
    # It still exists.
    assert imports(aws, "again", {"L": group("one", **KEPT)}, to_import("L", "one"))["Status"] == "CREATE_COMPLETE"


@documented("API Reference, GetTemplateSummary: ResourceIdentifierSummaries")
def a_summary_says_how_resources_are_identified(aws):
    found = aws.cfn.get_template_summary(TemplateBody=body({"L": group("one"), "Q": queue()}))["ResourceIdentifierSummaries"]
    assert {row["ResourceType"]: row["ResourceIdentifiers"] for row in found} == {
        "AWS::Logs::LogGroup": ["LogGroupName"], "AWS::SQS::Queue": ["QueueUrl"]}, found


@documented("User Guide, Import AWS resources into a stack automatically")
def a_taken_name_can_be_imported(aws):
    leave(aws, "one")
    words = {"ChangeSetName": "one", "ChangeSetType": "CREATE", "ImportExistingResources": True}
    found = aws.change_set("new", TemplateBody=body({"L": group("one", **KEPT), "Q": queue()}), **words)
    assert {name: row["Action"] for name, row in rows(found).items()} == {"L": "Import", "Q": "Add"}, found
    execute(aws, found, "CREATE_COMPLETE")


@documented("User Guide, Import AWS resources into a stack automatically: DeletionPolicy")
def a_taken_name_is_imported_only_if_it_is_kept(aws):
    leave(aws, "one")
    found = aws.change_set("new", ChangeSetName="one", ChangeSetType="CREATE", ImportExistingResources=True, TemplateBody=body({"L": group("one")}))
    assert found["Status"] == "FAILED" and "DeletionPolicy attribute set to 'Retain' or 'RetainExceptOnCreate'" in found["StatusReason"], found


@documented("User Guide, Import AWS resources into a stack automatically: static names")
def a_name_that_a_function_gives_is_not_imported(aws):
    leave(aws, "one")
    found = aws.change_set("new", ChangeSetName="one", ChangeSetType="CREATE", ImportExistingResources=True, DisableValidation=True,
                           TemplateBody=body({"L": group({"Fn::Sub": "one"}, **KEPT)}))
    assert rows(found)["L"]["Action"] == "Add", found


@documented("User Guide, Name type: custom names")
def a_name_of_another_type_is_not_taken(aws):
    leave(aws, "one")
    created(aws, "new", body({"Q": named("one")}))


@documented("User Guide, Nest an existing stack")
def a_stack_can_be_nested_in_another(aws):
    s3 = aws.client("s3")
    bucket = f"nest-{aws.number}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="inner.json", Body=body({"Q": queue()}).encode())
    id = created(aws, "inner", body({"Q": queue()}))["StackId"]
    around = created(aws, "around", body({"T": queue()}))["StackId"]
    nested = {"Type": "AWS::CloudFormation::Stack", **KEPT, "Properties": {
        "TemplateURL": f"https://{bucket}.s3.eu-west-1.amazonaws.com/inner.json"}}
    to_nest = {"ResourceType": "AWS::CloudFormation::Stack", "LogicalResourceId": "I", "ResourceIdentifier": {"StackId": id}}
    execute(aws, imports(aws, "around", {"T": queue(), "I": nested}, to_nest), "IMPORT_COMPLETE")
    assert aws.stack(id)["ParentId"] == around
