"""What stops or undoes an operation of CloudFormation: exports in use, stack policies, alarms, a timeout. With boto3."""

import json

from account import cfn, clear, ecs, fault, reasons, settled, wait
from answers import refused


def queue(seconds, export=None):
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {
        "QueueName": f"queue-{seconds}" if export else None, "VisibilityTimeout": seconds}}}}
    properties = template["Resources"]["Queue"]["Properties"]
    if export:
        template["Outputs"] = {"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}, "Export": {"Name": export}}}
    else:
        del properties["QueueName"]
    return json.dumps(template)


# Exports in use. [doc: Get exported outputs from a deployed stack]
cfn.create_stack(StackName="giver", TemplateBody=queue(1, "name"))
settled("giver", "CREATE_COMPLETE")
cfn.create_stack(StackName="taker", TemplateBody=json.dumps({"Resources": {"P": {
    "Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "name"}}}}}))
settled("taker", "CREATE_COMPLETE")
cfn.delete_stack(StackName="giver")
stack = settled("giver", "CREATE_COMPLETE")
assert stack["StackStatusReason"] == "Delete canceled. Cannot delete export name as it is in use by taker.", stack
for template, verb in ((queue(2, "name"), "updated"), (queue(1), "deleted")):
    cfn.update_stack(StackName="giver", TemplateBody=template)
    settled("giver", "UPDATE_ROLLBACK_COMPLETE")
    assert f"Export name cannot be {verb} as it is in use by taker" in reasons("giver"), reasons("giver")
cfn.delete_stack(StackName="taker")
cfn.delete_stack(StackName="giver")

# A stack policy. [doc: Prevent updates to stack resources]
statement = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
deny = {"Effect": "Deny", "Action": ["Update:Modify", "Update:Delete"], "Principal": "*", "Resource": "LogicalResourceId/Que*",
        "Condition": {"StringLike": {"ResourceType": ["AWS::SQS::*"]}}}
policy = lambda *statements: json.dumps({"Statement": list(statements)})
refused("ValidationError", "Invalid stack policy", cfn.create_stack, StackName="kept", TemplateBody=queue(1), StackPolicyBody="{}")
refused("ValidationError", "Principal", cfn.create_stack, StackName="kept", TemplateBody=queue(1),
        StackPolicyBody=policy(statement | {"Principal": "me"}))
cfn.create_stack(StackName="kept", TemplateBody=queue(1), StackPolicyBody=policy(statement, deny))
settled("kept", "CREATE_COMPLETE")
assert json.loads(cfn.get_stack_policy(StackName="kept")["StackPolicyBody"])["Statement"][0] == statement
cfn.update_stack(StackName="kept", TemplateBody=queue(2))
settled("kept", "UPDATE_ROLLBACK_COMPLETE")
words = "Action denied by stack policy: Statement [#2] does not allow [Update:Modify] for resource [LogicalResourceId/Queue];"
assert words in reasons("kept"), reasons("kept")
cfn.update_stack(StackName="kept", TemplateBody=json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}))
settled("kept", "UPDATE_ROLLBACK_COMPLETE")
assert any("[Update:Delete]" in reason for reason in reasons("kept")), reasons("kept")
cfn.update_stack(StackName="kept", TemplateBody=queue(2), StackPolicyDuringUpdateBody=policy(statement))
settled("kept", "UPDATE_COMPLETE")
cfn.set_stack_policy(StackName="kept", StackPolicyBody=policy(deny | {"Effect": "Allow", "Action": "Update:Replace"}))
cfn.update_stack(StackName="kept", TemplateBody=queue(3))
settled("kept", "UPDATE_ROLLBACK_COMPLETE")
assert any("no statement allows [Update:Modify]" in reason for reason in reasons("kept")), reasons("kept")
cfn.set_stack_policy(StackName="kept", StackPolicyBody=policy(statement))
cfn.update_stack(StackName="kept", TemplateBody=queue(3))
settled("kept", "UPDATE_COMPLETE")
refused("ValidationError", "does not exist", cfn.set_stack_policy, StackName="nowhere", StackPolicyBody=policy(statement))


# Alarms of a deployment. [doc: How CloudWatch alarms detect Amazon ECS deployment failures]
def service(image, rolls_back=True):
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "ContainerDefinitions": [{"Name": "app", "Image": image, "Memory": 128}]}}
    return json.dumps({"Resources": {"Task": task, "Service": {"Type": "AWS::ECS::Service", "Properties": {
        "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1,
        "DeploymentConfiguration": {"Alarms": {"AlarmNames": ["slow", "errors"], "Enable": True, "Rollback": rolls_back}}}}}})


cfn.create_stack(StackName="web", TemplateBody=service("web:1"))
settled("web", "CREATE_COMPLETE")
arn = cfn.describe_stack_resource(StackName="web", LogicalResourceId="Service")["StackResourceDetail"]["PhysicalResourceId"]


def newest():
    listed = ecs.list_service_deployments(service=arn)["serviceDeployments"]
    arns = [listed[0]["serviceDeploymentArn"]]
    return ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"][0]


assert newest()["alarms"] == {"status": "MONITORING_COMPLETE", "alarmNames": ["slow", "errors"], "triggeredAlarmNames": []}
# The new task hangs, so that the alarm finds the deployment under way.
fault(fault="image-hangs", image="web:2")
cfn.update_stack(StackName="web", TemplateBody=service("web:2"))
wait(lambda: newest()["status"] == "IN_PROGRESS", "the deployment")
fault(fault="alarm", alarm="errors")
settled("web", "UPDATE_ROLLBACK_COMPLETE")
listed = ecs.list_service_deployments(service=arn, status=["ROLLBACK_SUCCESSFUL"])["serviceDeployments"]
failed = ecs.describe_service_deployments(serviceDeploymentArns=[listed[0]["serviceDeploymentArn"]])["serviceDeployments"][0]
assert failed["alarms"]["status"] == "TRIGGERED" and failed["alarms"]["triggeredAlarmNames"] == ["errors"], failed
assert any("alarm" in reason for reason in reasons("web")), reasons("web")
# One that had gone off before does not stand in the way of what may mend it.
cfn.update_stack(StackName="web", TemplateBody=service("web:3"))
settled("web", "UPDATE_COMPLETE")
clear()

# Rollback triggers. [api: RollbackConfiguration]
trigger = {"Arn": "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:stop", "Type": "AWS::CloudWatch::Alarm"}
watched = {"RollbackTriggers": [trigger], "MonitoringTimeInMinutes": 0}
refused("ValidationError", "not a type of rollback triggers", cfn.update_stack, StackName="web", TemplateBody=service("web:4"),
        RollbackConfiguration={"RollbackTriggers": [trigger | {"Type": "AWS::SNS::Topic"}]})
refused("ValidationError", "180", cfn.update_stack, StackName="web", TemplateBody=service("web:4"),
        RollbackConfiguration={"MonitoringTimeInMinutes": 181})
cfn.update_stack(StackName="web", TemplateBody=service("web:4"), RollbackConfiguration=watched)
stack = settled("web", "UPDATE_COMPLETE")
assert stack["RollbackConfiguration"] == watched, stack
fault(fault="image-hangs", image="web:5")
cfn.update_stack(StackName="web", TemplateBody=service("web:5"))
fault(fault="alarm", alarm="stop")
settled("web", "UPDATE_ROLLBACK_COMPLETE")
assert any("stop is in the ALARM state" in reason for reason in reasons("web")), reasons("web")
clear()
print("operations: done")
