"""Exports and the stacks that import them, and what a name or a physical id belongs to. With boto3."""

import json

from account import cfn, change_set, settled
from answers import refused


def logs(name=None, **more):
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name} if name else {}, **more}


def exports(name, value, **more):
    return {"Outputs": {"O": {"Value": value, "Export": {"Name": name}}}, **more}


def imported(name):
    return {"Fn::Sub": ["${x}-used", {"x": {"Fn::ImportValue": name}}]}


def create(name, template, status="CREATE_COMPLETE"):
    cfn.create_stack(StackName=name, TemplateBody=json.dumps(template))
    return settled(name, status)


def update(name, template, status="UPDATE_COMPLETE"):
    cfn.update_stack(StackName=name, TemplateBody=json.dumps(template))
    return settled(name, status)


def delete(name):
    id = cfn.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    cfn.delete_stack(StackName=name)
    settled(id, "DELETE_COMPLETE")
    return id


def holder(id):
    return {row["StackName"] for row in cfn.describe_stack_resources(PhysicalResourceId=id)["StackResources"]}


def only_imports_that_apply_count():
    create("gives", exports("shared", "one", Resources={"L": logs()}))
    never = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}}
    create("takes-not", {**never, "Resources": {
        "L": logs(), "M": logs(imported("shared"), Condition="Never"),
        "N": logs({"Fn::If": ["Never", imported("shared"), "n"]})}})
    refused("ValidationError", "Export 'shared' is not imported by any stack.", cfn.list_imports, ExportName="shared")
    create("takes", {**never, "Resources": {"N": logs({"Fn::If": ["Never", "m", imported("shared")]})}})
    assert cfn.list_imports(ExportName="shared")["Imports"] == ["takes"]
    cfn.delete_stack(StackName="gives")
    settled("gives", "CREATE_COMPLETE")
    delete("takes")
    delete("gives")


def a_stack_can_import_what_it_exports():
    create("self", exports("own", "one", Resources={"L": logs()}))
    both = exports("own", "one", Resources={"L": logs(), "M": logs(imported("own"))})
    found = change_set("self", ChangeSetName="one", TemplateBody=json.dumps(both))
    assert found["Status"] == "CREATE_COMPLETE", found
    cfn.execute_change_set(ChangeSetName=found["ChangeSetId"])
    settled("self", "UPDATE_COMPLETE")
    assert cfn.describe_stack_resource(StackName="self", LogicalResourceId="M")["StackResourceDetail"]["PhysicalResourceId"] == "one-used"
    # What does not exist yet cannot be imported.
    create("new-self", exports("newer", "one", Resources={"M": logs(imported("newer"))}), "ROLLBACK_COMPLETE")
    delete("self")


def a_name_belongs_to_the_stack_that_lives():
    first = exports("name", "first", Resources={"L": logs("name-one", DeletionPolicy="Retain")})
    create("name", first)
    old = delete("name")
    refused("ValidationError", "does not exist", cfn.describe_stack_resources, PhysicalResourceId="name-one")
    create("name", exports("name", "second", Resources={"L": logs("name-two")}))
    new = cfn.describe_stacks(StackName="name")["Stacks"][0]["StackId"]
    assert [row["ExportingStackId"] for row in cfn.list_exports()["Exports"] if row["Name"] == "name"] == [new]
    assert cfn.describe_stack_resources(StackName="name")["StackResources"][0]["StackId"] == new
    assert cfn.describe_stack_resources(StackName=old)["StackResources"][0]["PhysicalResourceId"] == "name-one"
    listed = cfn.get_paginator("list_stacks").paginate().build_full_result()["StackSummaries"]
    assert {row["StackId"] for row in listed if row["StackName"] == "name"} == {old, new}


def a_physical_id_belongs_to_the_stack_that_manages_it():
    failing = {"Resources": {"L": logs("kept", DeletionPolicy="Retain"), "M": logs("kept", DependsOn="L")}}
    cfn.create_stack(StackName="failed", TemplateBody=json.dumps(failing), DisableValidation=True)
    settled("failed", "ROLLBACK_COMPLETE")
    refused("ValidationError", "does not exist", cfn.describe_stack_resources, PhysicalResourceId="kept")
    found = change_set("holds", ChangeSetName="one", ChangeSetType="IMPORT", TemplateBody=json.dumps({
        "Resources": {"K": logs("kept", DeletionPolicy="Retain")}}), ResourcesToImport=[{
            "ResourceType": "AWS::Logs::LogGroup", "LogicalResourceId": "K", "ResourceIdentifier": {"LogGroupName": "kept"}}])
    cfn.execute_change_set(ChangeSetName=found["ChangeSetId"])
    settled("holds", "IMPORT_COMPLETE")
    assert holder("kept") == {"holds"}, holder("kept")


only_imports_that_apply_count()
a_stack_can_import_what_it_exports()
a_name_belongs_to_the_stack_that_lives()
a_physical_id_belongs_to_the_stack_that_manages_it()
print("exports: done")
