"""What a resource is refused for with the rest of the account at hand: priorities in use, and target groups without a load balancer.
With boto3."""

import json

from account import cfn, ecs, events, settled, stack
from answers import refused

GROUP = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {
    "Port": 80, "Protocol": "HTTP", "TargetType": "ip", "VpcId": "vpc-0a"}}
OTHERS = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/app/shared/0123456789abcdef/%s"
SHARED, OTHER = OTHERS % "0123456789abcdef", OTHERS % "fedcba9876543210"


def rule(priority, group={"Ref": "Group"}, listener=SHARED, **more):
    return {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", **more, "Properties": {
        "ListenerArn": listener, "Priority": priority,
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
        "Actions": [{"Type": "forward", "TargetGroupArn": group}]}}


def task():
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "Family": "web", "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
        "ContainerDefinitions": [{"Name": "app", "Image": "web:1", "PortMappings": [{"ContainerPort": 80}]}]}}


def service(group={"Ref": "Group"}, **more):
    return {"Type": "AWS::ECS::Service", **more, "Properties": {
        "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1, "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-0a"], "SecurityGroups": ["sg-0a"]}},
        "LoadBalancers": [{"ContainerName": "app", "ContainerPort": 80, "TargetGroupArn": group}]}}


def body(**resources):
    return json.dumps({"Resources": resources})


def create(name, status="CREATE_COMPLETE", **resources):
    cfn.create_stack(StackName=name, TemplateBody=body(**resources))
    settled(name, status)


def update(name, status="UPDATE_COMPLETE", **resources):
    cfn.update_stack(StackName=name, TemplateBody=body(**resources))
    settled(name, status)


def failed(name, logical):
    """Why this resource failed."""
    found = [event for event in events(name) if event["LogicalResourceId"] == logical
             and event["ResourceStatus"].endswith("_FAILED")]
    return "; ".join(event["ResourceStatusReason"] for event in found)


def a_priority_belongs_to_one_rule_of_a_listener():
    create("first", Group=GROUP, Rule=rule(10))
    create("second", "ROLLBACK_COMPLETE", Group=GROUP, Rule=rule("10"))
    reason = failed("second", "Rule")
    assert "Priority '10' is currently in use (Service: ElasticLoadBalancingV2, Status Code: 400" in reason, reason
    create("elsewhere", Group=GROUP, Rule=rule(10, listener=OTHER))
    create("third", "ROLLBACK_COMPLETE", Group=GROUP, One=rule(20), Two=rule(20, DependsOn="One"))
    assert "Priority '20' is currently in use" in failed("third", "Two")
    # What was rolled back or deleted holds no priority.
    create("fourth", Group=GROUP, One=rule(20))
    first = stack("first")["StackId"]
    cfn.delete_stack(StackName="first")
    settled(first, "DELETE_COMPLETE")
    create("fifth", Group=GROUP, Rule=rule(10))


def a_priority_is_free_once_its_rule_moved():
    create("moves", Group=GROUP, One=rule(30), Two=rule(31))
    # Each takes what the other still has.
    update("moves", "UPDATE_ROLLBACK_COMPLETE", Group=GROUP, One=rule(31), Two=rule(30))
    assert "Priority '30' is currently in use" in failed("moves", "Two")
    update("moves", Group=GROUP, One=rule(32), Two=rule(30, DependsOn="One"))
    # A rule that is removed keeps its priority until the cleanup.
    update("moves", "UPDATE_ROLLBACK_COMPLETE", Group=GROUP, Two=rule(30), Three=rule(32))
    assert "Priority '32' is currently in use" in failed("moves", "Three")


def a_service_needs_a_target_group_of_a_load_balancer():
    words = "does not have an associated load balancer."
    create("alone", "ROLLBACK_COMPLETE", Group=GROUP, Task=task(), Service=service())
    reason = failed("alone", "Service")
    assert "The target group with targetGroupArn arn:aws:elasticloadbalancing:" in reason and words in reason, reason
    assert "Error Code: InvalidParameterException" in reason, reason
    create("behind", Group=GROUP, Task=task(), Rule=rule(40), Service=service(DependsOn="Rule"))
    create("group", Group=GROUP, Task=task())
    group = cfn.describe_stack_resource(StackName="group", LogicalResourceId="Group")["StackResourceDetail"]
    call = dict(
        cluster="main", serviceName="by-hand", taskDefinition="web", desiredCount=1, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0a"]}},
        loadBalancers=[{"targetGroupArn": group["PhysicalResourceId"], "containerName": "app", "containerPort": 80}])
    refused("InvalidParameterException", words, ecs.create_service, **call)
    # A rule of another stack will do.
    create("rule", Rule=rule(41, group["PhysicalResourceId"]))
    ecs.create_service(**call)


a_priority_belongs_to_one_rule_of_a_listener()
a_priority_is_free_once_its_rule_moved()
a_service_needs_a_target_group_of_a_load_balancer()
