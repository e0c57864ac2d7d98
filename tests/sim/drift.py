"""What people do outside CloudFormation, and how CloudFormation sees it, undoes it, or stumbles over it: with boto3."""

import json
import urllib.error

import account
from account import cfn, detected, ecs, settled, wait
from answers import refused


def template(days=7, count=2, image="web:1"):
    container = {"Name": "app", "Image": image, "Memory": 128}
    return json.dumps({"Resources": {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": days}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30, "Tags": [{"Key": "a", "Value": "b"}]}},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "web", "ContainerDefinitions": [container]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {
            "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": count,
            "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}}},
    }})


def stack():
    return account.stack("web")


def resource(logical):
    return cfn.describe_stack_resource(StackName="web", LogicalResourceId=logical)["StackResourceDetail"]


def by_hand(stack="web", **deed):
    account.by_hand(stack, **deed)


def detect(**arguments):
    found = detected("web", **arguments)
    assert found["DetectionStatus"] == "DETECTION_COMPLETE", found
    return found


def drifts(**arguments):
    pages = cfn.get_paginator("describe_stack_resource_drifts") if cfn.can_paginate("describe_stack_resource_drifts") else None
    found = cfn.describe_stack_resource_drifts(StackName="web", MaxResults=50, **arguments) if pages is None else pages.paginate(
        StackName="web", **arguments).build_full_result()
    rows, token = found["StackResourceDrifts"], found.get("NextToken")
    while token:
        more = cfn.describe_stack_resource_drifts(StackName="web", NextToken=token, **arguments)
        rows, token = rows + more["StackResourceDrifts"], more.get("NextToken")
    return {row["LogicalResourceId"]: row for row in rows}


def change_set(name, **arguments):
    cfn.create_change_set(StackName="web", ChangeSetName=name, **arguments)
    read = lambda **more: cfn.describe_change_set(StackName="web", ChangeSetName=name, IncludePropertyValues=True, **more)
    wait(lambda: read()["Status"] in ("CREATE_COMPLETE", "FAILED"), name)
    answer = read()
    changes, token = answer["Changes"], answer.get("NextToken")
    while token:
        more = read(NextToken=token)
        changes, token = changes + more["Changes"], more.get("NextToken")
    return answer, {row["ResourceChange"]["LogicalResourceId"]: row["ResourceChange"] for row in changes}


def execute(name, status):
    cfn.execute_change_set(StackName="web", ChangeSetName=name)
    settled("web", status)


# A stack that nobody touched. [doc: Detect drift on an entire CloudFormation stack]
cfn.create_stack(StackName="web", TemplateBody=template(), Tags=[{"Key": "team", "Value": "shop"}], TimeoutInMinutes=30)
refused("ValidationError", "CREATE_IN_PROGRESS", cfn.detect_stack_drift, StackName="web")
settled("web", "CREATE_COMPLETE")
assert stack()["TimeoutInMinutes"] == 30
assert stack()["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}, stack()
assert detect()["StackDriftStatus"] == "IN_SYNC"
assert stack()["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"
assert resource("Logs")["DriftInformation"]["StackResourceDriftStatus"] == "IN_SYNC"
assert {row["StackResourceDriftStatus"] for row in drifts().values()} == {"IN_SYNC"} and len(drifts()) == 4
refused("ValidationError", "does not exist", cfn.detect_stack_drift, StackName="nowhere")
refused("ValidationError", "does not exist", cfn.detect_stack_drift, StackName="web", LogicalResourceIds=["Nothing"])
refused("ValidationError", "does not exist", cfn.describe_stack_drift_detection_status, StackDriftDetectionId="1" * 36)

# Tags of the stack reach the service. [doc: CloudFormation, Resource tag; ECS, ListTagsForResource]
service = resource("Service")["PhysicalResourceId"]
tags = lambda arn: {tag["key"]: tag["value"] for tag in ecs.list_tags_for_resource(resourceArn=arn)["tags"]}
assert tags(service) == {
    "team": "shop", "aws:cloudformation:stack-name": "web", "aws:cloudformation:stack-id": stack()["StackId"],
    "aws:cloudformation:logical-id": "Service",
}, tags(service)
ecs.tag_resource(resourceArn=service, tags=[{"key": "by", "value": "hand"}])
assert tags(service)["by"] == "hand"
ecs.untag_resource(resourceArn=service, tagKeys=["by"])
assert "by" not in tags(service)
refused("InvalidParameterException", "reserved", ecs.tag_resource, resourceArn=service, tags=[{"key": "aws:x", "value": "y"}])
refused("NotModelled", "only services, task definitions, clusters and tasks", ecs.list_tags_for_resource,
        resourceArn="arn:aws:ecs:eu-west-1:111111111111:capacity-provider/spot")

# Hands: ECS's own operations, and a change of what ECS does not have.
running = lambda: ecs.describe_services(cluster="main", services=[service])["services"][0]
other = ecs.register_task_definition(family="web", containerDefinitions=[{"name": "app", "image": "web:9", "memory": 128}])
other = other["taskDefinition"]["taskDefinitionArn"]
refused("ClientException", "not found", ecs.update_service, cluster="main", service=service, taskDefinition="no:1")
refused("ServiceNotFoundException", "not found", ecs.update_service, cluster="main", service="nothing", desiredCount=1)
before = running()["deployments"][0]["id"]
ecs.update_service(cluster="main", service=service, desiredCount=3)
assert running()["deployments"][0]["id"] == before and running()["desiredCount"] == 3
ecs.update_service(cluster="main", service=service, taskDefinition="web:2", enableExecuteCommand=True)
assert running()["deployments"][0]["id"] != before and running()["taskDefinition"] == other
assert running()["enableExecuteCommand"] is True
wait(lambda: running()["runningCount"] == 3 and running()["deployments"][0]["rolloutState"] == "COMPLETED", "three tasks")
before = running()["deployments"][0]["id"]
ecs.update_service(cluster="main", service=service, forceNewDeployment=True)
assert running()["deployments"][0]["id"] != before
wait(lambda: running()["deployments"][0]["rolloutState"] == "COMPLETED", "the deployment")
by_hand(resource="Logs", set={"RetentionInDays": 30})
by_hand(resource="Queue", set={"Tags": [{"Key": "a", "Value": "c"}, {"Key": "x", "Value": "y"}], "VisibilityTimeout": None})
for deed in ({"resource": "Nothing", "delete": True}, {"resource": "Logs"}, {"resource": "Logs", "delete": True, "set": {"a": 1}},
             {"resource": "Logs", "delete": True, "stack": "nowhere"}, {"resource": "Logs", "remove": 1}):
    try:
        by_hand(**deed)
    except urllib.error.HTTPError as error:
        assert error.code == 400 and error.read(), deed
    else:
        raise AssertionError(f"{deed} was done")
# CloudFormation knows only what it found last.
assert stack()["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"
assert detect(LogicalResourceIds=["Task"])["DriftedStackResourceCount"] == 0
found = detect()
assert found["StackDriftStatus"] == "DRIFTED" and found["DriftedStackResourceCount"] == 3, found
rows = drifts(StackResourceDriftStatusFilters=["MODIFIED"])
assert sorted(rows) == ["Logs", "Queue", "Service"], rows
difference = lambda logical: sorted(
    (d["PropertyPath"], d["ExpectedValue"], d["ActualValue"], d["DifferenceType"]) for d in rows[logical]["PropertyDifferences"])
assert difference("Logs") == [("/RetentionInDays", "7", "30", "NOT_EQUAL")]
assert difference("Queue") == [
    ("/Tags/0/Value", "b", "c", "NOT_EQUAL"), ("/Tags/1", "null", '{"Key":"x","Value":"y"}', "ADD"),
    ("/VisibilityTimeout", "30", "null", "REMOVE")], difference("Queue")
# What the template does not give is not compared: `EnableExecuteCommand`.
assert difference("Service") == [("/DesiredCount", "2", "3", "NOT_EQUAL"),
                                 ("/TaskDefinition", resource("Task")["PhysicalResourceId"], other, "NOT_EQUAL")]
one = cfn.detect_stack_resource_drift(StackName="web", LogicalResourceId="Logs")["StackResourceDrift"]
assert one["StackResourceDriftStatus"] == "MODIFIED" and json.loads(one["ActualProperties"]) == {"RetentionInDays": 30}

# A change set of before does not see drift; one that is drift-aware does. [doc: Using drift-aware change sets]
answer, _ = change_set("plain", TemplateBody=template())
assert answer["Status"] == "FAILED" and "didn't contain changes" in answer["StatusReason"], answer
cfn.delete_change_set(StackName="web", ChangeSetName="plain")
answer, rows = change_set("revert", TemplateBody=template(days=30), DeploymentMode="REVERT_DRIFT")
assert answer["DeploymentMode"] == "REVERT_DRIFT" and answer["StackDriftStatus"] == "DRIFTED"
assert {name: (row["Action"], row["ResourceDriftStatus"]) for name, row in rows.items()} == {
    "Logs": ("SyncWithActual", "MODIFIED"), "Queue": ("Modify", "MODIFIED"), "Service": ("Modify", "MODIFIED")}, rows
detail = {d["Target"]["Name"]: d for d in rows["Service"]["Details"]}["DesiredCount"]
assert detail["ChangeSource"] == "NoModification", detail
assert detail["Target"]["BeforeValue"] == "3" and detail["Target"]["AfterValue"] == "2"
assert detail["Target"]["BeforeValueFrom"] == "ACTUAL_STATE" and detail["Target"]["AfterValueFrom"] == "TEMPLATE"
assert detail["Target"]["Drift"]["PreviousValue"] == "2" and detail["Target"]["Drift"]["ActualValue"] == "3"
assert rows["Logs"]["Details"][0]["Target"]["AttributeChangeType"] == "SyncWithActual"
assert json.loads(rows["Logs"]["PreviousDeploymentContext"])["Properties"] == {"RetentionInDays": 7}
execute("revert", "UPDATE_COMPLETE")
assert running()["desiredCount"] == 2 and running()["taskDefinition"] == resource("Task")["PhysicalResourceId"]
assert stack()["DriftInformation"]["StackDriftStatus"] in ("NOT_CHECKED", "DRIFTED"), stack()["DriftInformation"]
found = detect()
assert found["StackDriftStatus"] == "IN_SYNC", drifts(StackResourceDriftStatusFilters=["MODIFIED", "DELETED"])

# What was deleted: an update stumbles over it and goes back, a drift-aware change set brings it again.
by_hand(resource="Logs", delete=True)
task = resource("Task")["PhysicalResourceId"]
ecs.deregister_task_definition(taskDefinition=task)
refused("InvalidParameterException", "revision", ecs.deregister_task_definition, taskDefinition="web")
assert detect()["DriftedStackResourceCount"] == 2
gone = drifts(StackResourceDriftStatusFilters=["DELETED"])
assert sorted(gone) == ["Logs", "Task"] and "ActualProperties" not in gone["Logs"], gone
cfn.update_stack(StackName="web", TemplateBody=template(days=60))
settled("web", "UPDATE_ROLLBACK_FAILED")
cfn.continue_update_rollback(StackName="web", ResourcesToSkip=["Logs"])
settled("web", "UPDATE_ROLLBACK_COMPLETE")
answer, rows = change_set("again", TemplateBody=template(days=60), DeploymentMode="REVERT_DRIFT")
assert {name: (row["Action"], row["ResourceDriftStatus"]) for name, row in rows.items()} == {
    "Logs": ("Add", "DELETED"), "Task": ("Add", "DELETED"), "Service": ("Modify", "IN_SYNC")}, rows
execute("again", "UPDATE_COMPLETE")
assert resource("Task")["PhysicalResourceId"] != task
assert detect()["StackDriftStatus"] == "IN_SYNC"

# A service that is deleted, and one that no stack made.
refused("InvalidParameterException", "scaled above 0", ecs.delete_service, cluster="main", service=service)
ecs.delete_service(cluster="main", service=service, force=True)
refused("ServiceNotActiveException", "ACTIVE", ecs.update_service, cluster="main", service=service, desiredCount=1)
assert detect()["DriftedStackResourceCount"] == 1
assert sorted(drifts(StackResourceDriftStatusFilters=["DELETED"])) == ["Service"]
made = ecs.create_service(cluster="main", serviceName="own", taskDefinition="web", desiredCount=1,
                          tags=[{"key": "a", "value": "b"}])["service"]
assert made["serviceName"] == "own" and made["desiredCount"] == 1 and made["tags"] == [{"key": "a", "value": "b"}], made
again = ecs.create_service(cluster="main", serviceName="own", taskDefinition="web", desiredCount=1, tags=[{"key": "a", "value": "b"}])
assert again["service"]["serviceArn"] == made["serviceArn"]
refused("InvalidParameterException", "idempotent", ecs.create_service, cluster="main", serviceName="own", taskDefinition="web")
refused("ClusterNotFoundException", "not found", ecs.create_service, cluster="none", serviceName="own", taskDefinition="web")
refused("ClientException", "not found", ecs.create_service, cluster="main", serviceName="two", taskDefinition="nothing")
refused("InvalidParameterException", "", ecs.create_service, cluster="main", serviceName="two", taskDefinition="web",
        launchType="FARGATE", capacityProviderStrategy=[{"capacityProvider": "FARGATE"}])
own = lambda: ecs.describe_services(cluster="main", services=["own"], include=["TAGS"])["services"][0]
wait(lambda: own()["runningCount"] == 1, "the task")
ecs.update_service(cluster="main", service="own", desiredCount=0)
wait(lambda: own()["runningCount"] == 0, "no task")
ecs.delete_service(cluster="main", service="own")
assert own()["status"] == "INACTIVE"

# Operations have ids, on events and in listings; a rollback has its own. [api: LastOperations, DescribeEvents]
operations = stack()["LastOperations"]
assert [one["OperationType"] for one in operations] == [
    "UPDATE_STACK", "CONTINUE_ROLLBACK", "ROLLBACK", "UPDATE_STACK", "UPDATE_STACK", "CREATE_STACK"], operations
listed = [one for one in cfn.get_paginator("list_stacks").paginate().build_full_result()["StackSummaries"]]
assert listed[0]["LastOperations"] == operations
failed = operations[3]["OperationId"]
events = cfn.get_paginator("describe_events").paginate(OperationId=failed, Filters={"FailedEvents": True})
events = events.build_full_result()["OperationEvents"]
assert [(event["LogicalResourceId"], event["EventType"]) for event in events] == [("Logs", "PROVISIONING_ERROR")], events
assert "was not found" in events[0]["ResourceStatusReason"] and events[0]["OperationType"] == "UPDATE_STACK"
every = cfn.get_paginator("describe_events").paginate(StackName="web").build_full_result()["OperationEvents"]
assert {event["OperationId"] for event in every} == {one["OperationId"] for one in operations}
ends = [event for event in every if event["EventType"] == "STACK_EVENT"]
assert ends[0]["OperationStatus"] == "SUCCEEDED" and ends[-1]["OperationStatus"] == "IN_PROGRESS", ends
old = cfn.get_paginator("describe_stack_events").paginate(StackName="web").build_full_result()["StackEvents"]
assert all("OperationId" in event for event in old)
refused("ValidationError", "must be specified", cfn.describe_events)

cfn.delete_stack(StackName="web")
name = stack()["StackId"]
wait(lambda: cfn.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE", "the deletion")
print("drift: done")
