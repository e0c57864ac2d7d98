"""How a behaviour names its source, and templates that several of them use."""

import json


def documented(source):
    """Marks a check with the page of AWS, or the member of its model, that says so."""
    def mark(check):
        check.source = source
        return check
    return mark


def body(resources, **more):
    return json.dumps({"Resources": resources, **more})


def queue(seconds=30, **more):
    return {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}, **more}


def named(name, **properties):
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}


def logs(days=30, **more):
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": days}, **more}


def endless():
    """Resources that nothing completes."""
    return {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}, "Wait": {
        "Type": "AWS::CloudFormation::WaitCondition", "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": 600}}}


def task(image="web:1", **more):
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "ContainerDefinitions": [{"Name": "app", "Image": image, "Memory": 128}], **more}}


BREAKER = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}


def service(count=1, **more):
    return {"Type": "AWS::ECS::Service", "Properties": {
        "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": count, **more}}


def web(image="web:1", count=1, **more):
    return body({"Task": task(image), "Service": service(count, **more)})


def created(aws, name, template, status="CREATE_COMPLETE", **more):
    aws.cfn.create_stack(StackName=name, TemplateBody=template, **more)
    return aws.settled(name, status)


def updated(aws, name, template, status="UPDATE_COMPLETE", **more):
    aws.cfn.update_stack(StackName=name, TemplateBody=template, **more)
    return aws.settled(name, status)


def physical(aws, stack, logical):
    found = aws.cfn.describe_stack_resource(StackName=stack, LogicalResourceId=logical)
    return found["StackResourceDetail"]["PhysicalResourceId"]


def outputs(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def gone(aws, id):
    """Waits until a stack is deleted."""
    aws.settled(id, "DELETE_COMPLETE")
