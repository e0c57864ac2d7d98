"""Clusters without capacity: what services and RunTask do until there is some again, with boto3."""

import json
import time

import account
from account import by_hand, cfn, clear, ecs, fault, reasons, settled
from answers import refused

FARGATE = "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone."
INSTANCES = "was unable to place a task because no container instance met all of its requirements."
NETWORK = {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}}


def wait(ended, what):
    """As often as ECS lets an account ask."""
    def slowly():
        time.sleep(0.05)
        return ended()
    return account.wait(slowly, what)


def template(image="web:1", count=1, breaker=False, cluster=None, **more):
    task = {"Family": "web", "NetworkMode": "awsvpc", "Cpu": "256", "Memory": "512",
            "ContainerDefinitions": [{"Name": "app", "Image": image}]}
    service = {"Cluster": "main", "ServiceName": "web", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": count,
               "NetworkConfiguration": NETWORK, **more}
    if breaker:
        service["DeploymentConfiguration"] = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
    resources = {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
                 "Service": {"Type": "AWS::ECS::Service", "Properties": service}}
    if cluster:
        resources["Cluster"] = {"Type": "AWS::ECS::Cluster", "Properties": cluster}
        service["Cluster"] = {"Ref": "Cluster"}
    return json.dumps({"Resources": resources})


def create(name="web", **words):
    cfn.create_stack(StackName=name, TemplateBody=template(**words))
    settled(name, "CREATE_COMPLETE")


def begin(**words):
    cfn.update_stack(StackName="web", TemplateBody=template(**words))


def update(status, **words):
    begin(**words)
    settled("web", status)


def service(cluster="main"):
    return ecs.describe_services(cluster=cluster, services=["web"])["services"][0]


def messages():
    return [event["message"] for event in service()["events"]]


def unplaced(words):
    return [message for message in messages() if words in message]


def tasks(cluster="main"):
    names = ecs.get_paginator("list_tasks").paginate(cluster=cluster, serviceName="web").build_full_result()["taskArns"]
    return ecs.describe_tasks(cluster=cluster, tasks=names)["tasks"] if names else []


def providers(cluster="main"):
    return sorted(one.get("capacityProviderName", "") for one in tasks(cluster))


def run(**words):
    return ecs.run_task(cluster="main", taskDefinition="web", networkConfiguration={
        "awsvpcConfiguration": {"subnets": ["subnet-1"]}}, **words)


# What would never strike is refused.
try:
    fault(fault="no-capacity", launch_type="FARGATE_SPOT")
    raise AssertionError("FARGATE_SPOT is not a launch type")
except account.urllib.request.HTTPError as error:
    assert error.code == 400 and "is not a launch type" in error.read().decode()

# Fargate: the deployment waits, and goes on once there is capacity. [doc: service event messages]
create(LaunchType="FARGATE")
assert [(one["launchType"], "capacityProviderName" in one) for one in tasks()] == [("FARGATE", False)], tasks()
fault(fault="no-capacity", cluster="main", launch_type="FARGATE")
begin(image="web:2", LaunchType="FARGATE")
wait(lambda: unplaced(FARGATE), "the event")
assert unplaced(FARGATE)[0].startswith("(service web) was unable") and service()["pendingCount"] == 0, messages()
assert service()["deployments"][0]["rolloutState"] == "IN_PROGRESS" and service()["runningCount"] == 1
wait(lambda: len(unplaced(FARGATE)) >= 3, "more attempts")
clear()
settled("web", "UPDATE_COMPLETE")
assert unplaced("has reached a steady state") and len(tasks()) == 1

# Other clusters and launch types have capacity.
fault(fault="no-capacity", cluster="other")
fault(fault="no-capacity", launch_type="EC2")
update("UPDATE_COMPLETE", image="web:3", LaunchType="FARGATE")
clear()

# The circuit breaker counts. [doc: re:Post, ECS Deployment Circuit Breaker was triggered]
update("UPDATE_COMPLETE", image="web:3", LaunchType="FARGATE", breaker=True)
before = service()["taskDefinition"]
fault(fault="no-capacity")
update("UPDATE_ROLLBACK_COMPLETE", image="web:4", LaunchType="FARGATE", breaker=True)
assert any("Circuit Breaker was triggered" in reason for reason in reasons("web")), reasons("web")
assert service()["taskDefinition"] == before and service()["runningCount"] == 1
assert "(service web) rolling back to the last completed deployment." in messages(), messages()

# A task that ends while there is no capacity comes back later.
ecs.stop_task(cluster="main", task=tasks()[0]["taskArn"])
wait(lambda: service()["runningCount"] == 0 and unplaced(FARGATE), "a service without a task")
clear()
wait(lambda: service()["runningCount"] == 1, "its task")

# RunTask answers with failures. [doc: API failure reasons]
fault(fault="no-capacity", cluster="arn:aws:ecs:eu-west-1:111111111111:cluster/main")
answer = run(launchType="FARGATE", clientToken="one")
assert answer["tasks"] == [] and answer["failures"] == [{
    "reason": "Capacity is unavailable at this time. Please try again later or in a different availability zone"}], answer
answer = run(launchType="EC2")
assert answer["tasks"] == [] and answer["failures"][0]["reason"] == "RESOURCE:MEMORY", answer
assert ":container-instance/main/" in answer["failures"][0]["arn"], answer
# A provider of the cluster brings an instance: the task waits for it. [doc: Amazon ECS cluster auto scaling]
waiting = run(capacityProviderStrategy=[{"capacityProvider": "instances", "weight": 1}])["tasks"][0]
seen = lambda arn: ecs.describe_tasks(cluster="main", tasks=[arn])["tasks"][0]
assert seen(waiting["taskArn"])["lastStatus"] == "PROVISIONING", waiting
clear()
wait(lambda: seen(waiting["taskArn"])["lastStatus"] == "STOPPED", "the end of the task")
# A request that found no place has used up no token.
assert run(launchType="FARGATE", clientToken="one")["failures"] == []

# Only Spot is short: its tasks are missing, and no other provider takes them. [iss: aws/containers-roadmap#852]
mixed = [{"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1}, {"CapacityProvider": "FARGATE_SPOT", "Weight": 3}]
fault(fault="no-capacity", capacity_provider="FARGATE_SPOT")
begin(image="web:5", count=5, CapacityProviderStrategy=mixed)
wait(lambda: unplaced(FARGATE), "the event of Spot")
wait(lambda: providers() == ["", "FARGATE", "FARGATE"], "the tasks of the other provider")
assert run(capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])["tasks"] == []
assert run(capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])["failures"] == []
clear()
settled("web", "UPDATE_COMPLETE")
assert providers() == ["FARGATE", "FARGATE", "FARGATE_SPOT", "FARGATE_SPOT", "FARGATE_SPOT"], providers()

# Instances, and a provider of the cluster's own. [iss: aws/containers-roadmap#653]
fault(fault="no-capacity", launch_type="EC2")
begin(image="web:6", count=1, LaunchType="EC2")
wait(lambda: unplaced(INSTANCES), "the event of instances")
assert "The closest matching (container-instance " in unplaced(INSTANCES)[0], messages()
clear()
settled("web", "UPDATE_COMPLETE")
fault(fault="no-capacity", capacity_provider="instances")
begin(image="web:7", count=1, CapacityProviderStrategy=[{"CapacityProvider": "instances", "Weight": 1}])
wait(lambda: unplaced("No Container Instances were found in your capacity provider."), "the event of the provider")
clear()
settled("web", "UPDATE_COMPLETE")
# Room for three tasks: two are replaced one by one, in the places that become free.
update("UPDATE_COMPLETE", image="web:8", count=2, LaunchType="EC2")
fault(fault="no-capacity", launch_type="EC2", room=3)
update("UPDATE_COMPLETE", image="web:9", count=2, LaunchType="EC2")
assert unplaced(INSTANCES) and service()["runningCount"] == 2, messages()
begin(image="web:9", count=5, LaunchType="EC2")
wait(lambda: service()["runningCount"] == 3, "a full cluster")
assert run(launchType="EC2")["tasks"] == [] and run(launchType="FARGATE")["failures"] == []
# Several tasks at once, as far as there is room.
several = run(launchType="FARGATE", count=3, clientToken="several")["tasks"]
again = run(launchType="FARGATE", count=3, clientToken="several")["tasks"]
assert len(several) == 3 and sorted(one["taskArn"] for one in again) == sorted(one["taskArn"] for one in several), again
refused("ConflictException", "already in use", run, launchType="FARGATE", count=2, clientToken="several")
refused("InvalidParameterException", "from 1 to 10", run, launchType="FARGATE", count=11)
# What waits for a place gets it as soon as there is one.
begin(image="web:9", count=2, LaunchType="EC2")
wait(lambda: service()["runningCount"] == 2, "room")
answer = run(launchType="EC2", count=2)
assert (len(answer["tasks"]), [one["reason"] for one in answer["failures"]]) == (1, ["RESOURCE:MEMORY"]), answer
fault(fault="no-capacity", capacity_provider="instances", room=1)
first = run(capacityProviderStrategy=[{"capacityProvider": "instances", "weight": 1}])["tasks"][0]["taskArn"]
second = run(capacityProviderStrategy=[{"capacityProvider": "instances", "weight": 1}])["tasks"][0]["taskArn"]
wait(lambda: seen(second)["lastStatus"] == "STOPPED", "the task that waited")
assert seen(second)["startedAt"] >= seen(first)["stoppedAt"], (seen(first), seen(second))
clear()
settled("web", "UPDATE_COMPLETE")
cfn.delete_stack(StackName="web")
wait(lambda: account.cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"], "the deletion")

# The default strategy of a cluster.
spot = {"ClusterName": "spot", "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "DefaultCapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]}
create("spot", cluster=spot)
assert providers("spot") == ["FARGATE_SPOT"], tasks("spot")
print("capacity: done")
