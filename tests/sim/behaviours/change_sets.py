"""Change sets: what they announce, how they end, and what becomes of the others."""

from answers import refused
from account import fault
from documented import body, created, documented, logs, named, queue, updated


def rows(found):
    return {row["ResourceChange"]["LogicalResourceId"]: row["ResourceChange"] for row in found["Changes"]}


def parameter(name, value):
    return {"ParameterKey": name, "ParameterValue": value}


def execute(aws, found, status):
    aws.cfn.execute_change_set(ChangeSetName=found["ChangeSetId"])
    return aws.settled(found["StackName"], status)


@documented("API Reference, CreateChangeSet: ChangeSetType CREATE")
def a_change_set_begins_a_stack_that_is_reviewed(aws):
    found = aws.change_set("new", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=body({"Q": queue()}))
    assert found["ExecutionStatus"] == "AVAILABLE" and aws.stack("new")["StackStatus"] == "REVIEW_IN_PROGRESS"
    execute(aws, found, "CREATE_COMPLETE")


@documented("API Reference, CreateChangeSet: ChangeSetType UPDATE")
def an_update_needs_a_stack(aws):
    refused("ValidationError", "does not exist", aws.cfn.create_change_set, StackName="none", ChangeSetName="one",
            TemplateBody=body({"Q": queue()}))


@documented("API Reference, ResourceChange: Action")
def changes_say_what_is_added_changed_and_removed(aws):
    created(aws, "web", body({"A": queue(1), "B": logs()}))
    found = aws.change_set("web", ChangeSetName="one", TemplateBody=body({"A": queue(2), "C": logs()}))
    assert {name: row["Action"] for name, row in rows(found).items()} == {"A": "Modify", "B": "Remove", "C": "Add"}


@documented("API Reference, ResourceChange: Replacement")
def changes_say_what_is_replaced(aws):
    created(aws, "web", body({"A": named("one"), "B": queue(1)}))
    found = rows(aws.change_set("web", ChangeSetName="one", TemplateBody=body({"A": named("two"), "B": queue(2)})))
    assert (found["A"]["Replacement"], found["B"]["Replacement"]) == ("True", "False"), found
    assert found["A"]["Details"][0]["Target"]["RequiresRecreation"] == "Always", found


@documented("API Reference, ResourceTargetDefinition: BeforeValue, AfterValue")
def changes_show_values_before_and_after(aws):
    created(aws, "web", body({"A": queue(1)}))
    target = rows(aws.change_set("web", ChangeSetName="one", TemplateBody=body({"A": queue(2)})))["A"]["Details"][0]["Target"]
    assert (target["Path"], target["BeforeValue"], target["AfterValue"]) == ("/Properties/VisibilityTimeout", "1", "2"), target


@documented("API Reference, ResourceChangeDetail: ChangeSource")
def changes_name_the_parameter_that_causes_them(aws):
    template = body({"A": queue({"Ref": "Seconds"})}, Parameters={"Seconds": {"Type": "Number", "Default": 1}})
    created(aws, "web", template)
    found = aws.change_set("web", ChangeSetName="one", UsePreviousTemplate=True, Parameters=[parameter("Seconds", "2")])
    details = rows(found)["A"]["Details"]
    assert ("ParameterReference", "Seconds") in [(d.get("ChangeSource"), d.get("CausingEntity")) for d in details], details


@documented("User Guide, Create change sets: no changes")
def a_change_set_without_a_change_fails(aws):
    created(aws, "web", body({"A": queue()}))
    found = aws.change_set("web", ChangeSetName="one", TemplateBody=body({"A": queue()}))
    assert found["Status"] == "FAILED" and found["StatusReason"].startswith("The submitted information didn't contain changes."), found


@documented("Reports: no changes with a transform")
def a_change_set_with_a_transform_and_without_a_change_fails_in_other_words(aws):
    template = body({"A": queue()}, Transform="AWS::LanguageExtensions")
    created(aws, "web", template, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    found = aws.change_set("web", ChangeSetName="one", TemplateBody=template, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert (found["Status"], found["StatusReason"]) == ("FAILED", "No updates are to be performed."), found


@documented("API Reference, ExecuteChangeSet: other change sets")
def the_execution_of_one_deletes_the_others(aws):
    created(aws, "web", body({"A": queue(1)}))
    one = aws.change_set("web", ChangeSetName="one", TemplateBody=body({"A": queue(2)}))
    aws.change_set("web", ChangeSetName="two", TemplateBody=body({"A": queue(3)}))
    execute(aws, one, "UPDATE_COMPLETE")
    left = [found["ChangeSetName"] for found in aws.cfn.list_change_sets(StackName="web")["Summaries"]]
    assert "two" not in left, left
    refused("InvalidChangeSetStatus", "one", aws.cfn.execute_change_set, ChangeSetName=one["ChangeSetId"])


@documented("API Reference, DescribeChangeSet: OBSOLETE")
def an_update_makes_change_sets_obsolete(aws):
    created(aws, "web", body({"A": queue(1)}))
    one = aws.change_set("web", ChangeSetName="one", TemplateBody=body({"A": queue(2)}))
    updated(aws, "web", body({"A": queue(3)}))
    assert aws.cfn.describe_change_set(ChangeSetName=one["ChangeSetId"])["ExecutionStatus"] == "OBSOLETE"


@documented("API Reference, DeleteChangeSet")
def a_change_set_can_be_deleted(aws):
    created(aws, "web", body({"A": queue(1)}))
    one = aws.change_set("web", ChangeSetName="one", TemplateBody=body({"A": queue(2)}))
    aws.cfn.delete_change_set(ChangeSetName=one["ChangeSetId"])
    refused("ChangeSetNotFound", "one", aws.cfn.describe_change_set, StackName="web", ChangeSetName="one")


@documented("API Reference, CreateChangeSet: ClientToken")
def a_token_makes_a_change_set_count_once(aws):
    created(aws, "web", body({"A": queue(1)}))
    words = {"StackName": "web", "ChangeSetName": "one", "TemplateBody": body({"A": queue(2)})}
    first = aws.cfn.create_change_set(**words, ClientToken="t")
    assert aws.cfn.create_change_set(**words, ClientToken="t")["Id"] == first["Id"]
    refused("AlreadyExistsException", "one", aws.cfn.create_change_set, **words, ClientToken="other")


@documented("Reports: tags alone are an update")
def tags_alone_are_a_change(aws):
    created(aws, "web", body({"A": queue()}))
    found = aws.change_set("web", ChangeSetName="one", UsePreviousTemplate=True, Tags=[{"Key": "a", "Value": "b"}])
    assert found["Status"] == "CREATE_COMPLETE", found
    assert execute(aws, found, "UPDATE_COMPLETE")["Tags"] == [{"Key": "a", "Value": "b"}]


@documented("API Reference, CreateChangeSet: OnStackFailure")
def a_failed_first_execution_can_delete_the_stack(aws):
    fault(fault="resource-fails", stack="on-failure", resource="A", during="create", reason="no")
    found = aws.change_set("on-failure", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=body({"A": queue()}), OnStackFailure="DELETE")
    aws.cfn.execute_change_set(ChangeSetName=found["ChangeSetId"])
    aws.settled(found["StackId"], "DELETE_COMPLETE")


@documented("API Reference, CreateChangeSet: UsePreviousTemplate")
def a_change_set_has_one_template(aws):
    created(aws, "web", body({"A": queue()}))
    for words in ({}, {"UsePreviousTemplate": True, "TemplateBody": body({"A": queue(2)})}):
        refused("ValidationError", "", aws.cfn.create_change_set, StackName="web", ChangeSetName="one", **words)


@documented("User Guide, Drift-aware change sets")
def a_drift_aware_change_set_reverts_what_was_changed_by_hand(aws):
    created(aws, "web", body({"L": logs(30)}))
    aws.by_hand("web", "L", set={"RetentionInDays": 1})
    found = aws.change_set("web", ChangeSetName="one", TemplateBody=body({"L": logs(30)}), DeploymentMode="REVERT_DRIFT")
    assert rows(found)["L"]["ResourceDriftStatus"] == "MODIFIED", found
    execute(aws, found, "UPDATE_COMPLETE")
    assert aws.detected("web")["StackDriftStatus"] == "IN_SYNC"


@documented("API Reference, DescribeChangeSet: NextToken")
def a_long_change_set_has_pages(aws):
    resources = {f"Queue{number}": queue() for number in range(200)}
    found = aws.change_set("long", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=body(resources))
    changes, token = found["Changes"], found.get("NextToken")
    assert token, "all changes were on one page"
    while token:
        more = aws.cfn.describe_change_set(ChangeSetName=found["ChangeSetId"], NextToken=token)
        changes, token = changes + more["Changes"], more.get("NextToken")
    assert len(changes) == 200
