"""Tasks that end, hang, or fail their health checks after they ran, and what services do about it: with boto3."""

import json
import time

import account
import boto3
from account import KEYS, WHERE, cfn, clear, ecs, fault, reasons, settled
from answers import refused, watch
from botocore.exceptions import ClientError

elb = watch(boto3.client("elbv2", **WHERE, **KEYS))


def wait(ended, what):
    """As often as ECS lets an account ask."""
    def slowly():
        time.sleep(0.05)
        return ended()
    return account.wait(slowly, what)


def template(image="web:1", count=1, check=True, balanced=False, stack=(), **more):
    container = {"Name": "app", "Image": image, "Memory": 128, "PortMappings": [{"ContainerPort": 80}]}
    if check:
        container["HealthCheck"] = {"Command": ["CMD-SHELL", "true"], "Interval": 10, "Retries": 2}
    task = {"Family": "web", "NetworkMode": "awsvpc", "ContainerDefinitions": [container]}
    service = {
        "Cluster": "main", "ServiceName": "web", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": count,
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
        "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}, **more}
    resources = {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        "Service": {"Type": "AWS::ECS::Service", "Properties": service}}
    if balanced:
        service["LoadBalancers"] = [{"TargetGroupArn": {"Ref": "Group"}, "ContainerName": "app", "ContainerPort": 80}]
        resources["Service"]["DependsOn"] = "Listener"
        resources["Balancer"] = {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {
            "Name": "front", "Subnets": ["subnet-1", "subnet-2"]}}
        resources["Group"] = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {
            "Name": "web", "TargetType": "ip", "Port": 80, "Protocol": "HTTP", "VpcId": "vpc-1", "HealthCheckIntervalSeconds": 10}}
        resources["Listener"] = {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {
            "LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP",
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]}}
    return json.dumps({"Resources": resources})


def create(**words):
    cfn.create_stack(StackName="web", TemplateBody=template(**words))
    settled("web", "CREATE_COMPLETE")


def update(status, **words):
    cfn.update_stack(StackName="web", TemplateBody=template(**words))
    settled("web", status)


def service():
    return ecs.describe_services(cluster="main", services=["web"])["services"][0]


def messages():
    return [event["message"] for event in service()["events"]]


def tasks(status="RUNNING"):
    names = ecs.get_paginator("list_tasks").paginate(cluster="main", serviceName="web", desiredStatus=status)
    names = names.build_full_result()["taskArns"]
    return ecs.describe_tasks(cluster="main", tasks=names)["tasks"] if names else []


def task():
    return next(iter(tasks()), None)


def stopped(reason):
    return next((one for one in tasks("STOPPED") if reason in one["stoppedReason"]), None)


def identity(one):
    return one["taskArn"].split("/")[-1]


# A task that ends long after its deployment: ECS starts another one at once. [doc: Amazon ECS service scheduler concepts]
create()
first = task()
assert first["healthStatus"] == "HEALTHY" and first["containers"][0]["healthStatus"] == "HEALTHY", first
fault(fault="tasks-stop", image="web:1", exit_code=137, reason="OutOfMemoryError: Container killed due to memory usage")
ended = wait(lambda: stopped("Essential container"), "the end of the task")
assert ended["taskArn"] == first["taskArn"] and ended["stopCode"] == "EssentialContainerExited", ended
assert (ended["containers"][0]["exitCode"], ended["containers"][0]["reason"].split(":")[0]) == (137, "OutOfMemoryError"), ended
again = wait(lambda: service()["runningCount"] and task(), "another task")
assert again["taskArn"] != first["taskArn"]
wait(lambda: "steady state" in messages()[0], "the steady state")
assert messages()[1] == f"(service web) has started 1 tasks: (task {identity(again)}).", messages()
assert service()["deployments"][0]["rolloutState"] == "COMPLETED"

# By hand. [doc: StopTask]
given = ecs.stop_task(cluster="main", task=again["taskArn"], reason="by hand")["task"]
assert (given["stopCode"], given["stoppedReason"]) == ("UserInitiated", "by hand"), given
third = wait(lambda: service()["runningCount"] and task(), "a third task")
assert third["taskArn"] != again["taskArn"]
refused("InvalidParameterException", "not found", ecs.stop_task, cluster="main", task="0" * 32)

# A container that fails its health check: the replacement comes first. [doc: Amazon ECS service scheduler concepts]
fault(fault="image-unhealthy", image="web:1")
sick = wait(lambda: next((one for one in tasks() if one["healthStatus"] == "UNHEALTHY"), None), "an unhealthy task")
assert sick["taskArn"] == third["taskArn"] and sick["containers"][0]["healthStatus"] == "UNHEALTHY", sick
assert f"(service web) (task {identity(sick)}) failed container health checks." in messages(), messages()
wait(lambda: any(one["healthStatus"] == "UNKNOWN" and one["lastStatus"] == "RUNNING" for one in tasks()), "its replacement")
assert identity(sick) in [identity(one) for one in tasks()], "it runs until the replacement is healthy"
ended = wait(lambda: stopped("container health checks"), "its end")
assert ended["stopCode"] == "ServiceSchedulerInitiated", ended
clear()
wait(lambda: len(tasks()) == 1 and task()["healthStatus"] == "HEALTHY" and "steady state" in messages()[0], "health")

# During a deployment the circuit breaker counts such tasks. [doc: Amazon ECS deployment circuit breaker]
fault(fault="image-unhealthy", image="web:2")
update("UPDATE_ROLLBACK_COMPLETE", image="web:2")
assert any("Circuit Breaker was triggered" in reason for reason in reasons("web")), reasons("web")
assert service()["runningCount"] == 1 and task()["taskDefinitionArn"] == service()["taskDefinition"]
clear()
# A task definition without a health check has nothing to fail.
fault(fault="image-unhealthy", image="web:3")
update("UPDATE_COMPLETE", image="web:3", check=False)
assert task()["healthStatus"] == "UNKNOWN"
clear()

# Target health. [api: DescribeTargetHealth]
update("UPDATE_COMPLETE", image="web:4", check=False, balanced=True)
group = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]
arn = group["TargetGroupArn"]
health = lambda **more: elb.describe_target_health(TargetGroupArn=arn, **more)["TargetHealthDescriptions"]
address = task()["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
assert [(row["Target"]["Id"], row["Target"]["Port"], row["TargetHealth"]) for row in health()] == [
    (address, 80, {"State": "healthy"})], health()
assert health(Targets=[{"Id": "10.9.9.9"}])[0]["TargetHealth"]["Reason"] == "Target.NotRegistered"
balancer = elb.describe_load_balancers()["LoadBalancers"][0]
assert group["LoadBalancerArns"] == [balancer["LoadBalancerArn"]] and balancer["State"]["Code"] == "active"
assert elb.describe_target_groups(LoadBalancerArn=balancer["LoadBalancerArn"])["TargetGroups"] == [group]
refused("TargetGroupNotFound", "not found", elb.describe_target_groups, Names=["other"])
refused("TargetGroupNotFound", "not found", elb.describe_target_health, TargetGroupArn=arn + "0")
refused("LoadBalancerNotFound", "not found", elb.describe_load_balancers, Names=["other"])
refused("NotModelled", "DescribeRules of Elastic", elb.describe_rules, ListenerArn=arn)
refused("NotModelled", "Include of DescribeTargetHealth", elb.describe_target_health, TargetGroupArn=arn, Include=["All"])
fault(fault="target-unhealthy", image="web:4")
sick = wait(lambda: next((row for row in health() if row["TargetHealth"]["State"] == "unhealthy"), None), "an unhealthy target")
assert sick["TargetHealth"]["Reason"] == "Target.ResponseCodeMismatch" and sick["Target"]["Id"] == address, sick
wait(lambda: any(row["TargetHealth"]["State"] == "initial" for row in health()), "a new target")
said = f"(port 80) is unhealthy in (target-group {arn}) due to (reason Health checks failed with these codes: [502])."
wait(lambda: any(message.endswith(said) for message in messages()), "the event")
wait(lambda: stopped(f"Task failed ELB health checks in (target-group {arn})"), "the end of the task")
clear()
wait(lambda: [row["TargetHealth"]["State"] for row in health()] == ["healthy"], "a healthy target")
fault(fault="target-unhealthy", image="web:5", reason="Request timed out")
update("UPDATE_ROLLBACK_COMPLETE", image="web:5", check=False, balanced=True)
clear()
# In its grace period a task stays. [doc: CreateService, healthCheckGracePeriodSeconds]
update("UPDATE_COMPLETE", image="web:6", HealthCheckGracePeriodSeconds=3600)
ecs.create_service(cluster="main", serviceName="bare", taskDefinition="web", desiredCount=1, networkConfiguration={
    "awsvpcConfiguration": {"subnets": ["subnet-1"]}})
bare = lambda: ecs.describe_services(cluster="main", services=["bare"])["services"][0]
wait(lambda: bare()["runningCount"] == 1, "the other service")
fault(fault="image-unhealthy", image="web:6")
wait(lambda: any("failed container health checks" in event["message"] for event in bare()["events"]), "an unhealthy task of the other")
assert task()["healthStatus"] == "HEALTHY" and not any("(service web)" in event["message"] for event in bare()["events"])
ecs.delete_service(cluster="main", service="bare", force=True)
clear()

# A full service has no room for replacements: an unhealthy task makes it.
update("UPDATE_COMPLETE", image="web:7", balanced=True, count=2, DeploymentConfiguration={"MaximumPercent": 100, "MinimumHealthyPercent": 0})
fault(fault="image-unhealthy", image="web:7")
wait(lambda: stopped("container health checks"), "room")
assert len(tasks()) <= 2
clear()
wait(lambda: [one["healthStatus"] for one in tasks()] == ["HEALTHY"] * 2, "two healthy tasks")

# A deployment that hangs goes on when its image does.
fault(fault="image-hangs", image="web:8")
cfn.update_stack(StackName="web", TemplateBody=template(image="web:8"))
wait(lambda: service()["pendingCount"] == 1, "a pending task")
clear()
settled("web", "UPDATE_COMPLETE")

# An image that disappears: ECS tries more and more slowly, and without an end. [doc: Amazon ECS service throttle logic]
fault(fault="image-missing", image="web:8")
ecs.stop_task(cluster="main", task=task()["taskArn"])
throttled = "(service web) is unable to consistently start tasks successfully. For more information, see the Troubleshooting " \
    "section of the Amazon ECS Developer Guide."
wait(lambda: throttled in messages(), "the throttle")
attempts = lambda: [event["createdAt"] for event in service()["events"] if "has started 1 tasks" in event["message"]]
before = len(attempts())
wait(lambda: len(attempts()) >= before + 4, "more attempts")
pauses = [(late - early).total_seconds() for late, early in zip(attempts(), attempts()[1:])][:4]
assert pauses == sorted(pauses, reverse=True) and pauses[0] > pauses[-1] + 0.5, pauses
assert messages().count(throttled) == 1
clear()
wait(lambda: service()["runningCount"] == 1, "a task that runs")

# A task that is run once.
ecs.register_task_definition(family="job", containerDefinitions=[{"name": "job", "image": "job:1", "memory": 128}])
fault(fault="image-stays", image="job:1")
once = ecs.run_task(cluster="main", taskDefinition="job")["tasks"][0]["taskArn"]
job = lambda: ecs.describe_tasks(cluster="main", tasks=[once])["tasks"][0]
wait(lambda: job()["lastStatus"] == "RUNNING", "the job")
fault(fault="tasks-stop", image="job:1", exit_code=9)
wait(lambda: job()["lastStatus"] == "STOPPED", "its end")
assert job()["containers"][0]["exitCode"] == 9, job()
fault(fault="image-hangs", image="job:2")
ecs.register_task_definition(family="job", containerDefinitions=[{"name": "job", "image": "job:2", "memory": 128}])
once = ecs.run_task(cluster="main", taskDefinition="job")["tasks"][0]["taskArn"]
other = ecs.run_task(cluster="main", taskDefinition="job:1")["tasks"][0]["taskArn"]
wait(lambda: ecs.describe_tasks(cluster="main", tasks=[other])["tasks"][0]["lastStatus"] == "RUNNING", "a job that does not hang")
assert job()["lastStatus"] == "PROVISIONING"
clear()
wait(lambda: job()["lastStatus"] == "STOPPED" and job()["containers"][0]["exitCode"] == 0, "the job that hung")

# Changes of tags have a bucket of their own. [doc: Request throttling for the Amazon ECS API]
arn, done = service()["serviceArn"], 0
try:
    for _ in range(100):
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])
        done += 1
except ClientError as error:
    assert error.response["Error"]["Code"] == "ThrottlingException", error
assert 20 <= done < 100, done
ecs.list_tags_for_resource(resourceArn=arn)
print("health: done")
