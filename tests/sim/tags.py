"""Tags of clusters, services and tasks: where they come from, and what a person makes of them, with boto3."""

import json

from account import cfn, detected, ecs, settled, wait
from answers import refused

ARN = "arn:aws:ecs:eu-west-1:111111111111"


def pairs(tags):
    return {tag["key"]: tag["value"] for tag in tags if not tag["key"].startswith("aws:cloudformation:")}


def tags(arn):
    return pairs(ecs.list_tags_for_resource(resourceArn=arn)["tags"])


def template(propagate=None, managed=False, team="shop"):
    service = {"Cluster": {"Ref": "Cluster"}, "ServiceName": "web", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1,
               "EnableECSManagedTags": managed, "Tags": [{"Key": "of", "Value": "service"}]}
    if propagate:
        service["PropagateTags"] = propagate
    return json.dumps({"Resources": {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "own", "Tags": [{"Key": "team", "Value": team}]}},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": "web", "Tags": [{"Key": "of", "Value": "task"}],
            "ContainerDefinitions": [{"Name": "app", "Image": "web:1", "Memory": 128}]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": service}}})


def update(**words):
    cfn.update_stack(StackName="web", TemplateBody=template(**words))
    settled("web", "UPDATE_COMPLETE")


def task():
    arn = wait(lambda: ecs.list_tasks(cluster="own", serviceName="web")["taskArns"], "a task")[0]
    return ecs.describe_tasks(cluster="own", tasks=[arn], include=["TAGS"])["tasks"][0]


def restarted():
    """A task that is started now: tags are propagated when a task is made."""
    old = task()["taskArn"]
    ecs.stop_task(cluster="own", task=old)
    wait(lambda: ecs.list_tasks(cluster="own", serviceName="web")["taskArns"] not in ([], [old]), "another task")
    return task()


# A cluster of a stack has its own tags and those of the stack. [api: DescribeClusters, `include`]
cfn.create_stack(StackName="web", TemplateBody=template(), Tags=[{"Key": "stage", "Value": "test"}])
settled("web", "CREATE_COMPLETE")
own = {"team": "shop", "stage": "test"}
assert tags(f"{ARN}:cluster/own") == own, tags(f"{ARN}:cluster/own")
seen = lambda **more: ecs.describe_clusters(clusters=["own"], **more)["clusters"][0]
assert pairs(seen(include=["TAGS"])["tags"]) == own and "tags" not in seen()
# A person changes them, and an update of the cluster writes what the template says.
ecs.tag_resource(resourceArn=f"{ARN}:cluster/own", tags=[{"key": "team", "value": "other"}])
assert tags(f"{ARN}:cluster/own")["team"] == "other"
detected("web")
found = cfn.describe_stack_resource_drifts(StackName="web", StackResourceDriftStatusFilters=["MODIFIED"])["StackResourceDrifts"]
assert [one["LogicalResourceId"] for one in found] == ["Cluster"], found
assert found[0]["PropertyDifferences"][0]["PropertyPath"] == "/Tags/0/Value", found
update(team="mine")
assert tags(f"{ARN}:cluster/own") == {"team": "mine", "stage": "test"}
ecs.untag_resource(resourceArn=f"{ARN}:cluster/own", tagKeys=["team", "stage"])
assert tags(f"{ARN}:cluster/own") == {}
assert tags(f"{ARN}:cluster/main") == {}, "a cluster that no stack made"
refused("InvalidParameterException", "not found", ecs.list_tags_for_resource, resourceArn=f"{ARN}:cluster/none")
refused("InvalidParameterException", "not found", ecs.list_tags_for_resource, resourceArn=f"{ARN}:task/own/{'0' * 32}")

# Tasks of a service have what the service propagates, from their start on. [doc: Tagging your resources]
assert "tags" not in task() and tags(task()["taskArn"]) == {}
update(propagate="SERVICE", managed=True, team="mine")
managed = {"aws:ecs:clusterName": "own", "aws:ecs:serviceName": "web"}
assert pairs(restarted()["tags"]) == {"of": "service", "stage": "test", **managed}, task()
update(propagate="TASK_DEFINITION", team="mine")
assert pairs(restarted()["tags"]) == {"of": "task", "stage": "test"}, task()
arn = task()["taskArn"]
ecs.tag_resource(resourceArn=arn, tags=[{"key": "by", "value": "hand"}])
assert tags(arn)["by"] == "hand"
ecs.untag_resource(resourceArn=arn, tagKeys=["by", "of"])
assert tags(arn) == {"stage": "test"}
refused("InvalidParameterException", "reserved", ecs.tag_resource, resourceArn=arn, tags=[{"key": "aws:x", "value": "y"}])

# A task that is run once has its own, too.
once = ecs.run_task(cluster="own", taskDefinition="web", tags=[{"key": "of", "value": "me"}], propagateTags="TASK_DEFINITION",
                    enableECSManagedTags=True)["tasks"][0]
assert tags(once["taskArn"]) == {"of": "me", "stage": "test", "aws:ecs:clusterName": "own"} == pairs(once["tags"]), once
print("tags: done")
