"""An account that was told which regions are enabled, and which roles, subnets and security groups exist. With boto3."""

import json

import boto3
from account import KEYS, Account, cfn, ecs, events, settled, WHERE
from answers import refused

ROLE = "arn:aws:iam::111111111111:role/deploy"
LOGS = json.dumps({"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}}}})
MAKES = json.dumps({"Resources": {
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "made", "AssumeRolePolicyDocument": {
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}},
    "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "web", "VpcId": "vpc-0a"}}}})


def service(name, subnet, group, status):
    cfn.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": "web", "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
            "ContainerDefinitions": [{"Name": "app", "Image": "web:1"}]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {
            "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1, "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [subnet], "SecurityGroups": [group]}}}}}}))
    settled(name, status)
    return [event["ResourceStatusReason"] for event in events(name)
            if event["LogicalResourceId"] == "Service" and event["ResourceStatus"] == "CREATE_FAILED"]


def cloudformation_assumes_only_roles_that_exist():
    words = "Role arn:aws:iam::111111111111:role/nobody is invalid or cannot be assumed"
    missing = {"StackName": "logs", "TemplateBody": LOGS, "RoleARN": "arn:aws:iam::111111111111:role/nobody"}
    refused("ValidationError", words, cfn.create_stack, **missing)
    refused("ValidationError", words, cfn.create_change_set, ChangeSetName="one", ChangeSetType="CREATE", **missing)
    cfn.create_stack(StackName="logs", TemplateBody=LOGS, RoleARN=ROLE)
    settled("logs", "CREATE_COMPLETE")
    refused("ValidationError", words, cfn.update_stack, **missing)
    cfn.create_stack(StackName="made", TemplateBody=MAKES, Capabilities=["CAPABILITY_NAMED_IAM"])
    settled("made", "CREATE_COMPLETE")
    cfn.create_stack(StackName="more", TemplateBody=LOGS, RoleARN="arn:aws:iam::111111111111:role/made")
    settled("more", "CREATE_COMPLETE")


def services_use_only_subnets_and_groups_that_exist():
    group = cfn.describe_stack_resource(StackName="made", LogicalResourceId="Group")["StackResourceDetail"]
    assert not service("web", "subnet-0a", "sg-0a", "CREATE_COMPLETE")
    assert not service("own", "subnet-0a", group["PhysicalResourceId"], "CREATE_COMPLETE")
    [reason] = service("lost", "subnet-0b", "sg-0a", "ROLLBACK_COMPLETE")
    words = "The subnet ID 'subnet-0b' does not exist (ErrorCode: InvalidSubnetID.NotFound)"
    assert words in reason and "Error Code: InvalidParameterException" in reason, reason
    [reason] = service("open", "subnet-0a", "sg-0b", "ROLLBACK_COMPLETE")
    assert "The security group 'sg-0b' does not exist (ErrorCode: InvalidGroup.NotFound)" in reason, reason
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0b"]}}
    refused("InvalidParameterException", words, ecs.create_service, cluster="main", serviceName="by-hand",
            taskDefinition="web", desiredCount=1, launchType="FARGATE", networkConfiguration=network)


def tasks_have_only_roles_that_exist():
    task = lambda **roles: json.dumps({"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "Family": "roles", "ContainerDefinitions": [{"Name": "app", "Image": "web:1", "Memory": 128}], **roles}}}})
    nobody = "arn:aws:iam::111111111111:role/nobody"
    for number, roles in enumerate(({"TaskRoleArn": nobody}, {"TaskRoleArn": ROLE, "ExecutionRoleArn": "nobody"})):
        cfn.create_stack(StackName=f"task-{number}", TemplateBody=task(**roles))
        settled(f"task-{number}", "ROLLBACK_COMPLETE")
        [reason] = [event["ResourceStatusReason"] for event in events(f"task-{number}") if event["ResourceStatus"] == "CREATE_FAILED"]
        assert "Create TaskDefinition: Role is not valid (Service: AmazonECS; Status Code: 400; Error Code: ClientException" in reason, reason
    cfn.create_stack(StackName="task", TemplateBody=task(TaskRoleArn=ROLE, ExecutionRoleArn="made"))
    settled("task", "CREATE_COMPLETE")
    own = json.loads(task(TaskRoleArn={"Fn::GetAtt": ["Role", "Arn"]}))
    own["Resources"]["Role"] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}}
    cfn.create_stack(StackName="own-role", TemplateBody=json.dumps(own), Capabilities=["CAPABILITY_IAM"])
    settled("own-role", "CREATE_COMPLETE")
    container = [{"name": "app", "image": "web:1", "memory": 128}]
    refused("ClientException", "Role is not valid", ecs.register_task_definition, family="roles", containerDefinitions=container, taskRoleArn=nobody)
    ecs.register_task_definition(family="roles", containerDefinitions=container, taskRoleArn=ROLE)


def only_enabled_regions_know_the_account():
    words = "The security token included in the request is invalid"
    elsewhere = Account("111111111111", "me-south-1")
    refused("InvalidClientTokenId", words, elsewhere.cfn.describe_stacks)
    refused("UnrecognizedClientException", words, elsewhere.ecs.list_clusters)
    sts = boto3.client("sts", **{**WHERE, "region_name": "me-south-1"}, **KEYS)
    refused("InvalidClientTokenId", words, sts.get_caller_identity)
    s3 = boto3.client("s3", **{**WHERE, "region_name": "me-south-1"}, **KEYS)
    refused("InvalidAccessKeyId", "does not exist in our records", s3.get_object, Bucket="any", Key="any")
    for region in ("eu-west-1", "us-east-1"):
        boto3.client("sts", **{**WHERE, "region_name": region}, **KEYS).get_caller_identity()


cloudformation_assumes_only_roles_that_exist()
tasks_have_only_roles_that_exist()
only_enabled_regions_know_the_account()
services_use_only_subnets_and_groups_that_exist()
