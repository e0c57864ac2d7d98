"""ECS: task definitions, services and their deployments, tasks, clusters."""

import itertools

from account import fault, wait
from answers import refused
from documented import BREAKER, body, created, documented, physical, service, task, updated, web

NAMES = itertools.count()


def cluster(aws):
    """The cluster that templates name, and an image that no other behaviour uses."""
    aws.ecs.create_cluster(clusterName="main")
    return f"image{next(NAMES)}-{aws.number}"


def seen(aws, arn):
    return aws.ecs.describe_services(cluster="main", services=[arn])["services"][0]


def deployments(aws, arn, **which):
    listed = aws.ecs.list_service_deployments(service=arn, **which)["serviceDeployments"]
    arns = [deployment["serviceDeploymentArn"] for deployment in listed]
    return aws.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"] if arns else []


def registered(aws, family, image="a:1"):
    container = {"name": "app", "image": image, "memory": 128}
    return aws.ecs.register_task_definition(family=family, containerDefinitions=[container])["taskDefinition"]


@documented("API Reference, RegisterTaskDefinition")
def a_family_has_revisions(aws):
    assert [registered(aws, "web")["revision"], registered(aws, "web")["revision"]] == [1, 2]
    assert aws.ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]["revision"] == 2


@documented("API Reference, RegisterTaskDefinition: memory")
def a_container_needs_memory_or_its_task_does(aws):
    refused("ClientException", "memory", aws.ecs.register_task_definition, family="web",
            containerDefinitions=[{"name": "app", "image": "a:1"}])


@documented("Developer Guide, Task size on Fargate")
def fargate_has_sizes(aws):
    sized = lambda cpu, memory: {"family": "web", "cpu": cpu, "memory": memory, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
                                 "containerDefinitions": [{"name": "app", "image": "a:1"}]}
    refused("ClientException", "", aws.ecs.register_task_definition, **sized("256", "8192"))
    aws.ecs.register_task_definition(**sized("256", "512"))


@documented("API Reference, DeregisterTaskDefinition")
def a_deregistered_revision_starts_no_tasks(aws):
    cluster(aws)
    arn = registered(aws, "web")["taskDefinitionArn"]
    assert aws.ecs.deregister_task_definition(taskDefinition=arn)["taskDefinition"]["status"] == "INACTIVE"
    refused("ClientException", "inactive", aws.ecs.run_task, cluster="main", taskDefinition=arn)


@documented("API Reference, DescribeClusters and ClusterNotFoundException")
def a_missing_cluster_is_told(aws):
    cluster(aws)
    assert aws.ecs.describe_clusters(clusters=["none"])["failures"][0]["reason"] == "MISSING"
    refused("ClusterNotFoundException", "Cluster not found", aws.ecs.describe_services, cluster="none", services=["a"])


@documented("Developer Guide, Rolling update deployments")
def a_service_reaches_a_steady_state(aws):
    image = cluster(aws)
    created(aws, "web", web(f"{image}:1", 2))
    found = seen(aws, physical(aws, "web", "Service"))
    assert (found["runningCount"], found["deployments"][0]["rolloutState"]) == (2, "COMPLETED")
    assert any("has reached a steady state" in event["message"] for event in found["events"])


@documented("Developer Guide, Deployment circuit breaker")
def the_circuit_breaker_brings_the_old_revision_back(aws):
    image = cluster(aws)
    words = {"DeploymentConfiguration": BREAKER}
    created(aws, "web", web(f"{image}:1", **words))
    arn = physical(aws, "web", "Service")
    before = seen(aws, arn)["taskDefinition"]
    fault(fault="image-crashes", image=f"{image}:2", exit_code=1)
    updated(aws, "web", web(f"{image}:2", **words), "UPDATE_ROLLBACK_COMPLETE")
    assert seen(aws, arn)["taskDefinition"] == before
    failed = deployments(aws, arn, status=["ROLLBACK_SUCCESSFUL"])[0]
    assert failed["deploymentCircuitBreaker"]["failureCount"] >= failed["deploymentCircuitBreaker"]["threshold"], failed


@documented("Developer Guide, CloudWatch alarms")
def an_alarm_fails_a_deployment(aws):
    image, name = cluster(aws), f"slow-{aws.number}"
    words = {"DeploymentConfiguration": {"Alarms": {"AlarmNames": [name], "Enable": True, "Rollback": True}}}
    created(aws, "web", web(f"{image}:1", **words))
    fault(fault="image-hangs", image=f"{image}:2")
    aws.cfn.update_stack(StackName="web", TemplateBody=web(f"{image}:2", **words))
    arn = physical(aws, "web", "Service")
    wait(lambda: deployments(aws, arn, status=["IN_PROGRESS"]), "the deployment")
    fault(fault="alarm", alarm=name)
    aws.settled("web", "UPDATE_ROLLBACK_COMPLETE")
    assert deployments(aws, arn, status=["ROLLBACK_SUCCESSFUL"])[0]["alarms"]["triggeredAlarmNames"] == [name]


@documented("API Reference, ServiceRevision: containerImages")
def a_revision_has_resolved_images(aws):
    image = cluster(aws)
    created(aws, "web", web(f"{image}:1"))
    newest = deployments(aws, physical(aws, "web", "Service"))[0]
    assert newest["status"] == "SUCCESSFUL"
    arn = newest["targetServiceRevision"]["arn"]
    revision = aws.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"][0]
    assert revision["containerImages"][0]["imageDigest"].startswith("sha256:")


@documented("API Reference, Task: stopCode")
def a_failed_task_says_why(aws):
    image = cluster(aws)
    fault(fault="image-crashes", image=f"{image}:2", exit_code=7, reason="OutOfMemoryError: Container killed due to memory usage")
    words = {"DeploymentConfiguration": BREAKER}
    created(aws, "web", web(f"{image}:1", **words))
    updated(aws, "web", web(f"{image}:2", **words), "UPDATE_ROLLBACK_COMPLETE")
    pages = aws.ecs.get_paginator("list_tasks").paginate(cluster="main", desiredStatus="STOPPED").build_full_result()
    stopped = aws.ecs.describe_tasks(cluster="main", tasks=pages["taskArns"])["tasks"]
    crashed = [found["containers"][0] for found in stopped if found["stopCode"] == "EssentialContainerExited"]
    assert crashed and crashed[0]["exitCode"] == 7 and "OutOfMemory" in crashed[0]["reason"], stopped


@documented("API Reference, Task: TaskFailedToStart")
def an_image_that_is_not_there_is_told(aws):
    image = cluster(aws)
    fault(fault="image-missing", image=f"{image}:1")
    arn = registered(aws, "web", f"{image}:1")["taskDefinitionArn"]
    task_arn = aws.ecs.run_task(cluster="main", taskDefinition=arn)["tasks"][0]["taskArn"]

    def ended():
        found = aws.ecs.describe_tasks(cluster="main", tasks=[task_arn])["tasks"][0]
        return found if found["lastStatus"] == "STOPPED" else None
    found = wait(ended, "the task's end")
    assert found["stopCode"] == "TaskFailedToStart" and "CannotPullContainerError" in found["stoppedReason"], found


@documented("Developer Guide, Idempotency of RunTask")
def a_client_token_runs_one_task(aws):
    cluster(aws)
    arn = registered(aws, "once")["taskDefinitionArn"]
    run = lambda: aws.ecs.run_task(cluster="main", taskDefinition=arn, clientToken="t", startedBy="me")["tasks"][0]["taskArn"]
    assert run() == run()


@documented("API Reference, StopTask")
def a_stopped_task_of_a_service_is_replaced(aws):
    image = cluster(aws)
    created(aws, "web", web(f"{image}:1"))
    first = aws.ecs.list_tasks(cluster="main")["taskArns"]
    aws.ecs.stop_task(cluster="main", task=first[0], reason="by hand")
    wait(lambda: [arn for arn in aws.ecs.list_tasks(cluster="main")["taskArns"] if arn not in first], "another task")


@documented("Developer Guide, Service scheduler: tasks that stop")
def a_task_that_ends_is_replaced(aws):
    image = cluster(aws)
    created(aws, "web", web(f"{image}:1"))
    first = aws.ecs.list_tasks(cluster="main")["taskArns"]
    fault(fault="tasks-stop", image=f"{image}:1", exit_code=137)
    wait(lambda: [arn for arn in aws.ecs.list_tasks(cluster="main")["taskArns"] if arn not in first], "another task")


@documented("API Reference, CreateService, UpdateService and DeleteService")
def a_service_is_made_changed_and_deleted_by_a_client(aws):
    cluster(aws)
    one, two = (registered(aws, "web", f"a:{number}")["taskDefinitionArn"] for number in (1, 2))
    arn = aws.ecs.create_service(cluster="main", serviceName="web", taskDefinition=one, desiredCount=1)["service"]["serviceArn"]
    aws.ecs.update_service(cluster="main", service="web", taskDefinition=two, desiredCount=2)
    wait(lambda: seen(aws, arn)["runningCount"] == 2 and len(seen(aws, arn)["deployments"]) == 1, "two tasks")
    refused("InvalidParameterException", "", aws.ecs.delete_service, cluster="main", service="web")
    aws.ecs.delete_service(cluster="main", service="web", force=True)
    assert seen(aws, arn)["status"] in ("DRAINING", "INACTIVE")


@documented("API Reference, StopServiceDeployment")
def a_deployment_can_be_stopped(aws):
    image = cluster(aws)
    created(aws, "web", web(f"{image}:1"))
    arn = physical(aws, "web", "Service")
    fault(fault="image-hangs", image=f"{image}:2")
    aws.cfn.update_stack(StackName="web", TemplateBody=web(f"{image}:2"))
    going = wait(lambda: deployments(aws, arn, status=["IN_PROGRESS"]), "the deployment")[0]
    aws.ecs.stop_service_deployment(serviceDeploymentArn=going["serviceDeploymentArn"], stopType="ROLLBACK")
    aws.settled("web", "UPDATE_ROLLBACK_COMPLETE")


@documented("Developer Guide, Tagging your resources")
def a_task_has_the_tags_that_it_is_given(aws):
    cluster(aws)
    container = {"name": "app", "image": "a:1", "memory": 128}
    tags = [{"key": "team", "value": "shop"}, {"key": "size", "value": "small"}]
    aws.ecs.register_task_definition(family="job", containerDefinitions=[container], tags=tags)
    run = lambda **more: aws.ecs.run_task(cluster="main", taskDefinition="job", **more)["tasks"][0]
    task_arn = run(propagateTags="TASK_DEFINITION", enableECSManagedTags=True, tags=[{"key": "size", "value": "large"}])["taskArn"]
    shown = lambda **more: aws.ecs.describe_tasks(cluster="main", tasks=[task_arn], **more)["tasks"][0]
    assert {tag["key"]: tag["value"] for tag in shown(include=["TAGS"])["tags"]} == {
        "team": "shop", "size": "large", "aws:ecs:clusterName": "main"}
    assert "tags" not in shown() and "tags" not in run()
    refused("InvalidParameterException", "", run, propagateTags="SERVICE")


@documented("API Reference, Task: capacityProviderName")
def a_task_names_its_capacity_provider(aws):
    cluster(aws)
    registered(aws, "job")
    strategy = [{"capacityProvider": "FARGATE", "weight": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 4}]
    run = lambda strategy: aws.ecs.run_task(cluster="main", taskDefinition="job", capacityProviderStrategy=strategy)["tasks"][0]
    assert run(strategy)["capacityProviderName"] == "FARGATE_SPOT"
    strategy[0]["base"] = 1
    assert run(strategy)["capacityProviderName"] == "FARGATE"


@documented("API Reference, StopTask: cluster")
def a_task_is_stopped_in_its_own_cluster(aws):
    image = cluster(aws)
    aws.ecs.create_cluster(clusterName="other")
    created(aws, "web", web(f"{image}:1"))
    own = aws.ecs.list_tasks(cluster="main")["taskArns"][0]
    refused("InvalidParameterException", "not found", aws.ecs.stop_task, cluster="other", task=own)
    assert aws.ecs.describe_tasks(cluster="other", tasks=[own])["failures"][0]["reason"] == "MISSING"
    assert aws.ecs.describe_tasks(cluster="main", tasks=[own])["tasks"][0]["lastStatus"] != "STOPPED"


@documented("API Reference, TagResource and ListTagsForResource")
def tags_are_kept(aws):
    arn = registered(aws, "web")["taskDefinitionArn"]
    aws.ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])
    assert aws.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]
    aws.ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert aws.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == []


@documented("Developer Guide, Request throttling")
def registrations_are_throttled_as_documented(aws):
    for number in range(20):
        registered(aws, "many", f"a:{number}")
    # One more for each second that these took.
    for _ in range(60):
        try:
            registered(aws, "many", "a:more")
        except aws.ecs.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "ThrottlingException" and "Rate exceeded" in str(error), error
            return
    raise AssertionError("no registration was throttled")


@documented("API Reference, DescribeServices: failures")
def a_missing_service_is_told(aws):
    cluster(aws)
    found = aws.ecs.describe_services(cluster="main", services=["none"])
    assert found["services"] == [] and found["failures"][0]["reason"] == "MISSING"


@documented("Template Reference, AWS::ECS::Service: a cluster that does not exist")
def a_service_without_a_cluster_fails(aws):
    aws.cfn.create_stack(StackName="lost", TemplateBody=body({"Task": task(), "Service": service()}))
    aws.settled("lost", "ROLLBACK_COMPLETE")
    assert any("Cluster not found" in reason for reason in aws.reasons("lost")), aws.reasons("lost")


BALANCED = {
    "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Port": 80, "Protocol": "HTTP", "VpcId": "vpc-1", "TargetType": "ip"}},
    "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Subnets": ["subnet-1", "subnet-2"]}},
    "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {
        "LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]}},
}


def balanced(image, **more):
    definition = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"NetworkMode": "awsvpc", "ContainerDefinitions": [
        {"Name": "app", "Image": image, "Memory": 128, "PortMappings": [{"ContainerPort": 80}]}]}}
    own = service(NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
                  LoadBalancers=[{"ContainerName": "app", "ContainerPort": 80, "TargetGroupArn": {"Ref": "Group"}}])
    return {"Task": definition, "Service": {**own, **more}}


@documented("API Reference of Elastic Load Balancing, DescribeTargetHealth")
def targets_have_a_health(aws):
    image = cluster(aws)
    created(aws, "web", body({**BALANCED, **balanced(f"{image}:1", DependsOn="Listener")}))
    elb = aws.client("elbv2")
    health = lambda: [row["TargetHealth"]["State"] for row in elb.describe_target_health(TargetGroupArn=physical(aws, "web", "Group"))["TargetHealthDescriptions"]]
    wait(lambda: health() == ["healthy"], "a healthy target")


@documented("Developer Guide, Load balancing: target group without a load balancer")
def a_service_needs_a_target_group_with_a_load_balancer(aws):
    image = cluster(aws)
    aws.cfn.create_stack(StackName="web", TemplateBody=body({"Group": BALANCED["Group"], **balanced(f"{image}:1")}))
    aws.settled("web", "ROLLBACK_COMPLETE")
    assert any("does not have an associated load balancer" in reason for reason in aws.reasons("web")), aws.reasons("web")


@documented("API Reference of Elastic Load Balancing, PriorityInUse")
def a_listener_has_one_rule_of_a_priority(aws):
    rule = {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {
        "ListenerArn": {"Ref": "Listener"}, "Priority": 10, "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}],
        "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]}}
    aws.cfn.create_stack(StackName="rules", TemplateBody=body({**BALANCED, "One": rule, "Two": {**rule, "DependsOn": "One"}}))
    aws.settled("rules", "ROLLBACK_COMPLETE")
    assert any("Priority '10' is currently in use" in reason for reason in aws.reasons("rules")), aws.reasons("rules")


@documented("API Reference, RegisterTaskDefinition: name and image of a container")
def a_container_has_a_name_and_an_image(aws):
    for container, words in (({"image": "a"}, "Container.name"), ({"name": "app"}, "Container.image"), ({"name": "", "image": "a"}, "Container.name")):
        refused("ClientException", f"{words} should not be null or empty.", aws.ecs.register_task_definition, family="bare",
                containerDefinitions=[{"memory": 128, **container}])
