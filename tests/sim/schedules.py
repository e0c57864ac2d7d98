"""Schedules and rules that start tasks at their times, with boto3. Times that come only by minutes are in schedules.rs."""

import datetime
import json
import time

import account
from account import by_hand, cfn, clear, ecs, fault, settled
from answers import refused

CLUSTER = "arn:aws:ecs:eu-west-1:111111111111:cluster/main"
NETWORK = {"AwsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "DISABLED"}}


def wait(ended, what):
    """As often as ECS lets an account ask."""
    def slowly():
        time.sleep(0.05)
        return ended()
    return account.wait(slowly, what)


def at(seconds, zone=datetime.UTC):
    time = datetime.datetime.now(zone) + datetime.timedelta(seconds=seconds)
    return f"at({time:%Y-%m-%dT%H:%M:%S})"


def iso(seconds):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


TASK = {"Type": "AWS::ECS::TaskDefinition", "Properties": {
    "Family": "job", "NetworkMode": "awsvpc", "Cpu": "256", "Memory": "512", "RequiresCompatibilities": ["FARGATE"],
    "Tags": [{"Key": "team", "Value": "shop"}], "ContainerDefinitions": [{"Name": "job", "Image": "job:1"}]}}


def schedule(expression, input=None, arn=CLUSTER, parameters=(), **more):
    ecs = {"TaskDefinitionArn": {"Ref": "Task"}, "LaunchType": "FARGATE", "NetworkConfiguration": NETWORK, **dict(parameters)}
    target = {"Arn": arn, "RoleArn": "arn:aws:iam::111111111111:role/run", "EcsParameters": ecs}
    if input is not None:
        target["Input"] = input
    return {"Type": "AWS::Scheduler::Schedule", "Properties": {
        "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target, **more}}


def rule(expression, targets, **more):
    return {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": expression, "Targets": targets, **more}}


def deploy(name, status, **resources):
    body = json.dumps({"Resources": {"Task": TASK, **resources}})
    (cfn.update_stack if status.startswith("UPDATE") else cfn.create_stack)(StackName=name, TemplateBody=body)
    settled(name, status)


def started(by):
    """Every task that was started by this, oldest first."""
    arns = []
    for status in ("RUNNING", "STOPPED"):
        pages = ecs.get_paginator("list_tasks").paginate(cluster="main", desiredStatus=status)
        arns += pages.build_full_result()["taskArns"]
    tasks = ecs.describe_tasks(cluster="main", tasks=sorted(set(arns)), include=["TAGS"])["tasks"] if arns else []
    return sorted((task for task in tasks if task.get("startedBy") == by), key=lambda task: task["createdAt"])


def stopped(by, count=1):
    def ended():
        found = started(by)
        return found if len(found) >= count and all(task["lastStatus"] == "STOPPED" for task in found) else None
    return wait(ended, f"the end of {by}")


# Once, at a time in a time zone, with what it overrides. [doc: EventBridge Scheduler, Schedule types; Using templated targets]
override = {"containerOverrides": [{"name": "job", "command": ["once"], "environment": [{"name": "A", "value": "1"}]}]}
tokyo = datetime.timezone(datetime.timedelta(hours=9))
deploy("once", "CREATE_COMPLETE", Once=schedule(
    at(6, tokyo), Name="once", ScheduleExpressionTimezone="Asia/Tokyo", input=json.dumps(override),
    parameters={"TaskCount": 2, "Group": "nightly", "PropagateTags": "TASK_DEFINITION", "EnableECSManagedTags": True}))
tasks = stopped("chronos-schedule/once", 2)
assert len(tasks) == 2 and tasks[0]["group"] == "nightly" and tasks[0]["launchType"] == "FARGATE", tasks
assert tasks[0]["overrides"]["containerOverrides"] == override["containerOverrides"], tasks
assert {tag["key"]: tag["value"] for tag in tasks[0]["tags"]}.items() >= {"team": "shop", "aws:ecs:clusterName": "main"}.items(), tasks
assert tasks[0]["taskDefinitionArn"].endswith(":task-definition/job:1") and tasks[0]["containers"][0]["exitCode"] == 0, tasks

# A rate without a start date begins at once; a state of its own keeps a schedule from starting anything.
deploy("rates", "CREATE_COMPLETE", Rate=schedule("rate(1 hour)", Name="a-name-that-is-longer-than-ecs-keeps"),
       Off=schedule("rate(1 hour)", Name="off", State="DISABLED"),
       Later=schedule("rate(1 hour)", Name="later", StartDate=iso(4)),
       Over=schedule("rate(1 hour)", Name="over", StartDate=iso(-7200), EndDate=iso(-3600)),
       Queue=schedule("rate(1 hour)", Name="queue", arn="arn:aws:sqs:eu-west-1:111111111111:jobs"))
stopped("chronos-schedule/a-name-that-is-long")
assert not started("chronos-schedule/off") and not started("chronos-schedule/over") and not started("chronos-schedule/queue")
stopped("chronos-schedule/later")
assert len(started("chronos-schedule/a-name-that-is-long")) == 1
# A hand switches it on, and an update of something else starts nothing again.
by_hand("rates", "Off", set={"State": "ENABLED"})
stopped("chronos-schedule/off")
deploy("rates", "UPDATE_COMPLETE", Rate=schedule("rate(1 hour)", Name="a-name-that-is-longer-than-ecs-keeps", Description="new"))
assert len(started("chronos-schedule/a-name-that-is-long")) == 1
deploy("rates", "UPDATE_COMPLETE", Rate=schedule(at(5), Name="a-name-that-is-longer-than-ecs-keeps"))
stopped("chronos-schedule/a-name-that-is-long", 2)

# What cannot be started is not: an input that names no container of the task, a cluster that does not exist, no capacity.
bad = json.dumps({"containerOverrides": [{"name": "other"}]})
fault(fault="no-capacity", capacity_provider="FARGATE_SPOT")
spot = {"LaunchType": {"Ref": "AWS::NoValue"}, "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]}
deploy("wrong", "CREATE_COMPLETE", Wrong=schedule("rate(1 day)", Name="wrong", input=bad),
       Nowhere=schedule("rate(1 day)", Name="nowhere", arn=CLUSTER + "s"),
       Spot=schedule("rate(1 day)", Name="spot", parameters=spot), Last=schedule(at(5), Name="last"))
stopped("chronos-schedule/last")
assert not any(started(f"chronos-schedule/{name}") for name in ("wrong", "nowhere", "spot"))
clear()

# A rule starts its targets; a rate begins after one interval. [doc: EventBridge, Creating a rule that runs on a schedule]
targets = [{"Id": "1", "Arn": CLUSTER, "RoleArn": "arn:aws:iam::111111111111:role/run", "EcsParameters": {
    "TaskDefinitionArn": {"Ref": "Task"}, "LaunchType": "FARGATE", "NetworkConfiguration": {
        "AwsVpcConfiguration": {"Subnets": ["subnet-1"]}}}}]
deploy("rules", "CREATE_COMPLETE", Rule=rule("rate(1 minute)", targets, Name="every-minute"))
assert not started("events-rule/every-minute")

for name, wrong in [("both", "cron(0 10 * * * *)"), ("plural", "rate(1 minutes)"), ("singular", "rate(5 minute)")]:
    deploy(f"wrong-{name}", "ROLLBACK_COMPLETE", Rule=rule(wrong, targets))
    assert any("Parameter ScheduleExpression is not valid." in reason for reason in account.reasons(f"wrong-{name}")), account.reasons(f"wrong-{name}")

# RunTask takes overrides too. [api: TaskOverride]
run = lambda **more: ecs.run_task(cluster="main", taskDefinition="job", networkConfiguration={
    "awsvpcConfiguration": {"subnets": ["subnet-1"]}}, launchType="FARGATE", **more)
given = run(overrides={"containerOverrides": [{"name": "job", "command": ["x"]}], "cpu": "512", "memory": "1024"})["tasks"][0]
assert given["overrides"]["cpu"] == "512", given
refused("InvalidParameterException", "Override for container named web is not a container in the TaskDefinition.", run,
        overrides={"containerOverrides": [{"name": "web"}]})
refused("InvalidParameterException", "must be specified", run, overrides={"containerOverrides": [{"command": ["x"]}]})
refused("InvalidParameterException", "", run, overrides={"cpu": "256", "memory": "30720"})
refused("InvalidParameterException", "length must be at most 8192", run, overrides={
    "containerOverrides": [{"name": "job", "command": ["x" * 9000]}]})

print("schedules: done")
