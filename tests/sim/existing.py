"""An account that was told which roles, subnets and security groups exist. With boto3."""

import json

from account import cfn, ecs, events, settled
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


cloudformation_assumes_only_roles_that_exist()
services_use_only_subnets_and_groups_that_exist()
