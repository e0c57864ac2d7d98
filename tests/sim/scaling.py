"""Application Auto Scaling: bounds, scheduled actions, what policies do, and what deployments leave of it, with boto3."""

import datetime
import json
import time
import urllib.error

import account
from account import by_hand, cfn, clear, detected, ecs, fault, reasons, settled


def wait(ended, what):
    """As often as ECS lets an account ask."""
    def slowly():
        time.sleep(0.1)
        return ended()
    return account.wait(slowly, what)


def template(least=1, most=4, count=None, image="web:1", id="service/main/web", actions=(), suspended=None, **more):
    service = {"Cluster": "main", "ServiceName": "web", "TaskDefinition": {"Ref": "Task"}, **more}
    if count is not None:
        service["DesiredCount"] = count
    resources = {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": "web", "ContainerDefinitions": [{"Name": "app", "Image": image, "Memory": 128}]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": service}}
    if most is not None:
        target = {"MinCapacity": least, "MaxCapacity": most, "ServiceNamespace": "ecs", "ResourceId": id,
                  "ScalableDimension": "ecs:service:DesiredCount"}
        if actions:
            target["ScheduledActions"] = list(actions)
        if suspended:
            target["SuspendedState"] = suspended
        resources["Target"] = {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "DependsOn": "Service", "Properties": target}
    return json.dumps({"Resources": resources})


def update(status="UPDATE_COMPLETE", **words):
    cfn.update_stack(StackName="web", TemplateBody=template(**words))
    settled("web", status)


def service():
    return ecs.describe_services(cluster="main", services=["web"])["services"][0]


def counted(count):
    wait(lambda: service()["desiredCount"] == count and service()["runningCount"] == count, f"{count} tasks")
    wait(lambda: service()["deployments"][0]["rolloutState"] == "COMPLETED", "the end of the deployment")


def scale(count, resource="Target"):
    by_hand("web", resource, scale=count)


def refused(words, deed, *arguments, **more):
    try:
        deed(*arguments, **more)
    except urllib.error.HTTPError as error:
        said = error.read().decode()
        assert words in said, said
    else:
        raise AssertionError(f"not refused: {words}")


def drift():
    detected("web")
    found = cfn.describe_stack_resource_drifts(StackName="web")["StackResourceDrifts"]
    return {(one["LogicalResourceId"], difference["PropertyPath"]): (difference["ExpectedValue"], difference["ActualValue"])
            for one in found for difference in one.get("PropertyDifferences", [])}


# A target needs a service that exists. [src: clients wait while they are told so]
cfn.create_stack(StackName="none", TemplateBody=template(id="service/main/other", count=1))
settled("none", "ROLLBACK_COMPLETE")
assert any("ECS service doesn't exist: service/main/other" in reason for reason in reasons("none")), reasons("none")
id = account.stack("none")["StackId"]
cfn.delete_stack(StackName="none")
settled(id, "DELETE_COMPLETE")

# Registering brings the count into the bounds. [api: RegisterScalableTarget]
cfn.create_stack(StackName="web", TemplateBody=template(least=2))
settled("web", "CREATE_COMPLETE")
counted(2)
assert drift() == {}, "the template says nothing of the count"
update(least=3)
counted(3)
update(least=1, most=2)
counted(2)

# A policy scales within the bounds, and starts no deployment. [doc: Automatically scale your Amazon ECS service]
deployment = service()["currentServiceDeployment"]
update(least=1, most=4)
scale(3)
counted(3)
scale(9, "Service")
counted(4)
scale(0)
counted(1)
assert service()["currentServiceDeployment"] == deployment
# A count outside of the bounds is only brought back by scaling towards them.
ecs.update_service(cluster="main", service="web", desiredCount=6)
counted(6)
scale(7)
assert service()["desiredCount"] == 6
scale(5)
counted(4)
ecs.update_service(cluster="main", service="web", desiredCount=0)
counted(0)
scale(2)
counted(2)
refused("either `set` names properties", by_hand, "web", "Target", scale=2, delete=True)
refused("`scale` is for a service", by_hand, "web", "Task", scale=2)

# Scaling in waits for deployments; scaling out does not. [doc: Service auto scaling and deployments]
fault(fault="image-hangs", image="web:2")
cfn.update_stack(StackName="web", TemplateBody=template(image="web:2"))
wait(lambda: service()["deployments"][0]["rolloutState"] == "IN_PROGRESS", "a deployment")
refused("while a deployment is in progress", scale, 1)
scale(3)
assert service()["desiredCount"] == 3
clear()
settled("web", "UPDATE_COMPLETE")
counted(3)

# Without a count of its own, neither an update of the stack nor one of the service undoes scaling. [api: UpdateService]
update(image="web:3")
counted(3)
ecs.update_service(cluster="main", service="web", enableExecuteCommand=True)
ecs.update_service(cluster="main", service="web", forceNewDeployment=True)
counted(3)

# With one, every update of the service by CloudFormation sets it again. [iss: aws/containers-roadmap#493]
update(image="web:3", count=1)
counted(1)
scale(4)
counted(4)
update(image="web:3", count=1, least=1, most=5)
assert service()["desiredCount"] == 4, "the service did not change"
ecs.update_service(cluster="main", service="web", enableExecuteCommand=False)
assert service()["desiredCount"] == 4
assert drift()[("Service", "/DesiredCount")] == ("1", "4"), drift()
update(image="web:4", count=1, most=5)
counted(1)

# What is suspended does nothing. [api: SuspendedState]
update(image="web:4", count=1, most=5, suspended={"DynamicScalingOutSuspended": True})
refused("DynamicScalingOutSuspended", scale, 2)

# A scheduled action changes the bounds, and the count if it is outside of them. [api: PutScheduledAction]
def at(seconds):
    time = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return f"at({time:%Y-%m-%dT%H:%M:%S})"


def action(name, schedule, **bounds):
    return {"ScheduledActionName": name, "Schedule": schedule, "ScalableTargetAction": bounds}


many = action("many", at(5), MinCapacity=3, MaxCapacity=6)
update(image="web:4", count=1, most=5, actions=[many])
counted(3)
assert drift()[("Target", "/MinCapacity")] == ("1", "3"), drift()
assert drift()[("Target", "/MaxCapacity")] == ("5", "6"), drift()
scale(9)
counted(6)
# The template's bounds come back with the next update of the target.
update(image="web:4", count=1, most=4)
assert service()["desiredCount"] == 4
update(image="web:4", count=1, most=4, actions=[action("none", at(5), MinCapacity=0, MaxCapacity=0)])
counted(0)
update(image="web:4", count=1, most=4, actions=[action("many", at(2), MinCapacity=2)],
       suspended={"ScheduledScalingSuspended": True})
moment = time.time() + 2.5
wait(lambda: time.time() > moment, "the time of the action")
assert service()["desiredCount"] == 1, service()

# Nothing scales a service without a target.
update(image="web:4", count=1, most=None)
refused("No scalable target", scale, 2, "Service")
print("scaling: done")
