"""Validation before a deployment."""

from change_sets import rows
from documented import body, created, documented, queue


def group(name):
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}


def wrong(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def found(aws, **which):
    every = aws.cfn.get_paginator("describe_events").paginate(**which).build_full_result()["OperationEvents"]
    return [event for event in every if event["EventType"] == "VALIDATION_ERROR"]


def new(aws, resources, stack="new", **more):
    return aws.change_set(stack, ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=body(resources), **more)


@documented("User Guide, Validate stack deployments: property syntax validation")
def a_change_set_with_a_wrong_property_fails(aws):
    one = new(aws, {"Q": wrong(Bogus=1)})
    assert one["Status"] == "FAILED" and "AWS::EarlyValidation::PropertyValidation" in one["StatusReason"], one
    [event] = found(aws, ChangeSetName=one["ChangeSetId"])
    assert (event["ValidationName"], event["ValidationFailureMode"], event["ValidationStatus"]) == ("PROPERTY_VALIDATION", "FAIL", "FAILED"), event


@documented("User Guide, Validate stack deployments: ValidationPath")
def a_validation_says_where(aws):
    one = new(aws, {"Q": wrong(VisibilityTimeout="soon"), "R": queue()})
    [event] = found(aws, ChangeSetName=one["ChangeSetId"])
    assert event["ValidationPath"] == "/Resources/Q/Properties/VisibilityTimeout" and event["LogicalResourceId"] == "Q", event


@documented("User Guide, Validate stack deployments: resource name conflict detection")
def a_change_set_with_a_taken_name_fails(aws):
    created(aws, "first", body({"L": group("only")}))
    one = new(aws, {"L": group("only")})
    assert one["Status"] == "FAILED" and "AWS::EarlyValidation::ResourceExistenceCheck" in one["StatusReason"], one
    assert [event["ValidationName"] for event in found(aws, ChangeSetName=one["ChangeSetId"])] == ["NAME_CONFLICT_VALIDATION"]


@documented("API Reference, OperationEvent: OperationType CREATE_CHANGESET")
def the_creation_of_a_change_set_is_an_operation(aws):
    one = new(aws, {"Q": queue()})
    events = aws.cfn.describe_events(ChangeSetName=one["ChangeSetId"])["OperationEvents"]
    assert [(event["OperationType"], event["OperationStatus"]) for event in events] == [("CREATE_CHANGESET", "SUCCEEDED")], events


@documented("User Guide, Validate stack deployments: CreateStack")
def a_creation_is_validated_before_anything_is_made(aws):
    created(aws, "first", body({"L": group("only")}))
    aws.cfn.create_stack(StackName="second", TemplateBody=body({"Q": queue(), "L": group("only")}))
    aws.settled("second", "ROLLBACK_COMPLETE")
    assert {event["LogicalResourceId"] for event in aws.events("second")} == {"second"}
    assert [event["ValidationName"] for event in found(aws, StackName="second")] == ["NAME_CONFLICT_VALIDATION"]


@documented("User Guide, Validate stack deployments: UpdateStack")
def an_update_is_validated_before_anything_changes(aws):
    created(aws, "web", body({"Q": queue(1)}))
    aws.cfn.update_stack(StackName="web", TemplateBody=body({"Q": queue(2), "R": wrong(Bogus=1)}))
    aws.settled("web", "UPDATE_ROLLBACK_COMPLETE")
    assert "R" not in {event["LogicalResourceId"] for event in aws.events("web")}


@documented("API Reference, CreateChangeSet: DisableValidation")
def validation_can_be_disabled(aws):
    created(aws, "first", body({"L": group("only")}))
    one = new(aws, {"L": group("only")}, DisableValidation=True)
    assert one["Status"] == "CREATE_COMPLETE" and rows(one)["L"]["Action"] == "Add", one


@documented("User Guide, Validate stack deployments: resource limitations")
def some_types_are_not_validated(aws):
    assert new(aws, {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Bogus": 1}}})["Status"] == "CREATE_COMPLETE"
