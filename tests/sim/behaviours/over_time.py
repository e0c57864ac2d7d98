"""ECS over time: capacity, scaling, schedules."""

import datetime
import json
import time

import account
from account import fault
from answers import refused
from containers import cluster, deployments, registered, seen
from documented import BREAKER, body, created, documented, physical, service, task, updated, web


def wait(ended, what):
    """As often as ECS lets an account ask."""
    def slowly():
        time.sleep(0.15)
        return ended()
    return account.wait(slowly, what)


def full(aws, **words):
    """The account has no more capacity."""
    fault(fault="no-capacity", cluster=f"arn:aws:ecs:{aws.region}:{aws.number}:cluster/main", **words)


def messages(aws, arn):
    return [event["message"] for event in seen(aws, arn)["events"]]


def counted(aws, arn, count):
    def reached():
        found = seen(aws, arn)
        return (found["desiredCount"], found["runningCount"]) == (count, count) and found["deployments"][0]["rolloutState"] == "COMPLETED"
    wait(reached, f"{count} tasks")


def target(least, most, **more):
    return {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "MinCapacity": least, "MaxCapacity": most, "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": {"Fn::Select": [5, {"Fn::Split": [":", {"Ref": "Service"}]}]}, **more}}


def scaled(image, least, most, count=None, **more):
    own = service(count)
    if count is None:
        del own["Properties"]["DesiredCount"]
    return body({"Task": task(image), "Service": own, "Target": target(least, most, **more)})


def schedule(aws, expression, **more):
    return {"Type": "AWS::Scheduler::Schedule", "Properties": {
        "Name": "nightly", "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {
            "Arn": f"arn:aws:ecs:{aws.region}:{aws.number}:cluster/main", "RoleArn": f"arn:aws:iam::{aws.number}:role/run",
            "EcsParameters": {"TaskDefinitionArn": {"Ref": "Task"}}, **more}}}


def started(aws, by):
    """The first task that was started by this, once there is one."""
    def found():
        arns = aws.ecs.list_tasks(cluster="main", startedBy=by)["taskArns"]
        arns += aws.ecs.list_tasks(cluster="main", desiredStatus="STOPPED")["taskArns"]
        return aws.ecs.describe_tasks(cluster="main", tasks=arns)["tasks"][0] if arns else None
    return wait(found, f"a task of {by}")


def soon(seconds=10):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


@documented("Developer Guide, Service event messages")
def a_service_without_capacity_says_so(aws):
    image = cluster(aws)
    created(aws, "web", web(f"{image}:1"))
    full(aws)
    aws.cfn.update_stack(StackName="web", TemplateBody=web(f"{image}:2"))
    arn = physical(aws, "web", "Service")
    words = "was unable to place a task because no container instance met all of its requirements."
    wait(lambda: any(words in message for message in messages(aws, arn)), "the event")
    assert seen(aws, arn)["deployments"][0]["rolloutState"] == "IN_PROGRESS"


@documented("re:Post, ECS Deployment Circuit Breaker was triggered: insufficient cluster capacity")
def the_circuit_breaker_counts_missing_capacity(aws):
    image = cluster(aws)
    words = {"DeploymentConfiguration": BREAKER}
    created(aws, "web", web(f"{image}:1", **words))
    full(aws)
    updated(aws, "web", web(f"{image}:2", **words), "UPDATE_ROLLBACK_COMPLETE")
    failed = deployments(aws, physical(aws, "web", "Service"), status=["ROLLBACK_SUCCESSFUL"])[0]
    assert failed["deploymentCircuitBreaker"]["failureCount"] >= 3, failed


@documented("API Reference, API failure reasons")
def a_task_without_a_place_is_a_failure(aws):
    cluster(aws)
    registered(aws, "job")
    full(aws)
    answer = aws.ecs.run_task(cluster="main", taskDefinition="job")
    assert answer["tasks"] == [] and answer["failures"][0]["reason"].startswith("RESOURCE:"), answer
    aws.ecs.register_task_definition(
        family="fargate", cpu="256", memory="512", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "app", "image": "a:1"}])
    answer = aws.ecs.run_task(cluster="main", taskDefinition="fargate", launchType="FARGATE", networkConfiguration={
        "awsvpcConfiguration": {"subnets": ["subnet-1"]}})
    assert answer["failures"][0]["reason"].startswith("Capacity is unavailable at this time."), answer


@documented("Developer Guide, Amazon ECS capacity providers: base and weight")
def a_strategy_shares_tasks_by_base_and_weight(aws):
    image = cluster(aws)
    strategy = [{"CapacityProvider": "FARGATE", "Base": 2, "Weight": 1}, {"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
    created(aws, "web", web(f"{image}:1", 4, CapacityProviderStrategy=strategy))
    pages = aws.ecs.get_paginator("list_tasks").paginate(cluster="main").build_full_result()
    tasks = aws.ecs.describe_tasks(cluster="main", tasks=pages["taskArns"])["tasks"]
    assert sorted(one["capacityProviderName"] for one in tasks) == ["FARGATE"] * 3 + ["FARGATE_SPOT"], tasks


@documented("API Reference of Application Auto Scaling, RegisterScalableTarget")
def registering_a_target_brings_the_count_into_its_bounds(aws):
    image = cluster(aws)
    created(aws, "web", scaled(f"{image}:1", 3, 4))
    arn = physical(aws, "web", "Service")
    counted(aws, arn, 3)
    updated(aws, "web", scaled(f"{image}:1", 1, 2))
    counted(aws, arn, 2)


@documented("API Reference of Application Auto Scaling, PutScheduledAction: ScalableTargetAction")
def a_scheduled_action_changes_bounds_and_count(aws):
    image = cluster(aws)
    action = {"ScheduledActionName": "open", "Schedule": soon(), "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 3}}
    created(aws, "web", scaled(f"{image}:1", 1, 1, ScheduledActions=[action]))
    counted(aws, physical(aws, "web", "Service"), 2)
    aws.detected("web")
    found = aws.cfn.describe_stack_resource_drifts(StackName="web", StackResourceDriftStatusFilters=["MODIFIED"])
    paths = [one["PropertyPath"] for one in found["StackResourceDrifts"][0]["PropertyDifferences"]]
    assert sorted(paths) == ["/MaxCapacity", "/MinCapacity"], paths


@documented("Developer Guide, Automatically scale your Amazon ECS service: considerations")
def a_policy_scales_within_the_bounds(aws):
    image = cluster(aws)
    created(aws, "web", scaled(f"{image}:1", 1, 3))
    aws.by_hand("web", "Target", scale=9)
    counted(aws, physical(aws, "web", "Service"), 3)
    aws.by_hand("web", "Target", scale=0)
    counted(aws, physical(aws, "web", "Service"), 1)


@documented("API Reference, UpdateService: desiredCount")
def an_update_without_a_count_keeps_what_scaling_set(aws):
    image = cluster(aws)
    created(aws, "web", scaled(f"{image}:1", 1, 3))
    arn = physical(aws, "web", "Service")
    aws.by_hand("web", "Target", scale=3)
    counted(aws, arn, 3)
    aws.ecs.update_service(cluster="main", service=arn, forceNewDeployment=True)
    counted(aws, arn, 3)
    updated(aws, "web", scaled(f"{image}:2", 1, 3))
    counted(aws, arn, 3)


@documented("User Guide, AWS::ECS::Service: DesiredCount")
def an_update_with_a_count_undoes_scaling(aws):
    image = cluster(aws)
    created(aws, "web", scaled(f"{image}:1", 1, 3, count=1))
    arn = physical(aws, "web", "Service")
    aws.by_hand("web", "Target", scale=3)
    counted(aws, arn, 3)
    updated(aws, "web", scaled(f"{image}:2", 1, 3, count=1))
    counted(aws, arn, 1)


@documented("EventBridge Scheduler, Schedule types: rate-based schedules")
def a_rate_without_a_start_begins_at_once(aws):
    image = cluster(aws)
    created(aws, "jobs", body({"Task": task(f"{image}:1"), "Nightly": schedule(aws, "rate(1 day)")}))
    found = started(aws, "chronos-schedule/nightly")
    assert found["startedBy"] == "chronos-schedule/nightly", found


@documented("EventBridge Scheduler, Using templated targets: Amazon ECS RunTask")
def a_schedule_gives_its_input_as_overrides(aws):
    image = cluster(aws)
    own = {"containerOverrides": [{"name": "app", "command": ["report"]}]}
    created(aws, "jobs", body({"Task": task(f"{image}:1"), "Nightly": schedule(aws, "rate(1 day)", Input=json.dumps(own))}))
    found = started(aws, "chronos-schedule/nightly")
    assert found["overrides"]["containerOverrides"] == own["containerOverrides"], found


@documented("API Reference, RunTask: overrides")
def overrides_name_containers_of_the_task(aws):
    cluster(aws)
    registered(aws, "job")
    refused("InvalidParameterException", "is not a container in the TaskDefinition", aws.ecs.run_task, cluster="main",
            taskDefinition="job", overrides={"containerOverrides": [{"name": "other"}]})
    own = {"containerOverrides": [{"name": "app", "command": ["report"]}]}
    assert aws.ecs.run_task(cluster="main", taskDefinition="job", overrides=own)["tasks"][0]["overrides"] == own


def group(launch="a", count=1, **more):
    properties = {"MinSize": str(count), "MaxSize": "3", "LaunchConfigurationName": launch}
    return body({"G": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": properties, **more}})


def signal(aws, stack, unique, status="SUCCESS"):
    """As soon as the group can be signaled."""
    def sent():
        try:
            aws.cfn.signal_resource(StackName=stack, LogicalResourceId="G", UniqueId=unique, Status=status)
            return True
        except aws.cfn.exceptions.ClientError:
            return False
    wait(sent, "a signal")


@documented("User Guide, CreationPolicy attribute")
def a_creation_waits_for_signals(aws):
    aws.cfn.create_stack(StackName="signals", TemplateBody=group(CreationPolicy={"ResourceSignal": {"Count": 2, "Timeout": "PT5M"}}))
    signal(aws, "signals", "i-1")
    signal(aws, "signals", "i-1")
    assert aws.stack("signals")["StackStatus"] == "CREATE_IN_PROGRESS"
    signal(aws, "signals", "i-2")
    aws.settled("signals", "CREATE_COMPLETE")


@documented("User Guide, CreationPolicy attribute: a failure signal")
def a_failure_signal_ends_a_creation(aws):
    aws.cfn.create_stack(StackName="signals", TemplateBody=group(CreationPolicy={"ResourceSignal": {"Timeout": "PT5M"}}))
    signal(aws, "signals", "i-1", "FAILURE")
    aws.settled("signals", "ROLLBACK_COMPLETE")


@documented("User Guide, UpdatePolicy attribute: WaitOnResourceSignals")
def a_rolling_update_waits_for_signals(aws):
    policy = {"AutoScalingRollingUpdate": {"WaitOnResourceSignals": True, "PauseTime": "PT5M"}}
    created(aws, "signals", group(UpdatePolicy=policy))
    aws.cfn.update_stack(StackName="signals", TemplateBody=group("b", UpdatePolicy=policy))
    signal(aws, "signals", "i-1")
    aws.settled("signals", "UPDATE_COMPLETE")
