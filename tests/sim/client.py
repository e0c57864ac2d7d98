"""boto3 against the simulated account: two accounts, two regions, stacks of a stranger."""

import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from answers import refused, watch

ENDPOINT = sys.argv[1]
STILL = Config(retries={"total_max_attempts": 1})

QUEUES = """
AWSTemplateFormatVersion: 2010-09-09
Description: queues of a stranger
Parameters:
  Seconds: {Type: Number, Default: 30}
  Big: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
Conditions:
  IsBig: !Equals [!Ref Big, "yes"]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${AWS::StackName}-in"
      VisibilityTimeout: !Ref Seconds
  Dead:
    Type: AWS::SQS::Queue
    Condition: IsBig
  Topic:
    Type: AWS::SNS::Topic
    DependsOn: Queue
    Properties:
      DisplayName: !Join ["-", [!Ref AWS::Region, !GetAtt Queue.QueueName]]
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
Outputs:
  Arn:
    Value: !GetAtt Queue.Arn
    Export: {Name: !Sub "${AWS::StackName}-arn"}
"""

USER = """
Resources:
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !ImportValue queues-arn}
"""


def service(image, name="app"):
    return json.dumps({"Resources": {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Cpu": "256", "Memory": "512",
            "ContainerDefinitions": [{"Name": name, "Image": image, "PortMappings": [{"ContainerPort": 80}]}]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {
            "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 2,
            "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}}},
    }, "Outputs": {"Service": {"Value": {"Ref": "Service"}}}})


def client(kind, account="111111111111", region="eu-west-1", **more):
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "x"} | more
    return watch(boto3.client(kind, endpoint_url=ENDPOINT, region_name=region, config=STILL, **keys))


def wait(cfn, name, status):
    for _ in range(400):
        now = cfn.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if now == status:
            return
        assert now.endswith("_IN_PROGRESS"), f"{name}: {now}, not {status}"
        time.sleep(0.02)
    raise AssertionError(f"{name} stays in {now}")


def fault(**what):
    request = urllib.request.Request(f"{ENDPOINT}/_landfall/faults", json.dumps(what).encode(), method="POST")
    urllib.request.urlopen(request)


def stacks_of_a_stranger(account, region):
    cfn = client("cloudformation", account, region)
    assert cfn.describe_stacks()["Stacks"] == [], (account, region)
    stack = cfn.create_stack(StackName="queues", TemplateBody=QUEUES, ClientRequestToken="first", Tags=[{"Key": "a", "Value": "b"}])
    assert stack["StackId"].startswith(f"arn:aws:cloudformation:{region}:{account}:stack/queues/")
    again = cfn.create_stack(StackName="queues", TemplateBody=QUEUES, ClientRequestToken="first", Tags=[{"Key": "a", "Value": "b"}])
    assert again["StackId"] == stack["StackId"]
    refused("TokenAlreadyExistsException", "first", cfn.create_stack, StackName="queues", TemplateBody=USER, ClientRequestToken="first")
    refused("AlreadyExistsException", "queues", cfn.create_stack, StackName="queues", TemplateBody=QUEUES)
    wait(cfn, "queues", "CREATE_COMPLETE")
    seen = cfn.describe_stacks(StackName="queues")["Stacks"][0]
    assert seen["Outputs"][0]["OutputValue"] == f"arn:aws:sqs:{region}:{account}:queues-in", seen
    assert seen["Tags"] == [{"Key": "a", "Value": "b"}]

    events = [e for page in cfn.get_paginator("describe_stack_events").paginate(StackName="queues") for e in page["StackEvents"]]
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE" and events[0]["ResourceType"] == "AWS::CloudFormation::Stack"
    assert len(events) == 2 + 3 * 4, len(events)
    assert {e["ClientRequestToken"] for e in events} == {"first"}
    topic = next(e["Timestamp"] for e in reversed(events) if e["LogicalResourceId"] == "Topic")
    queue = next(e["Timestamp"] for e in events if e["LogicalResourceId"] == "Queue")
    assert topic >= queue, "the topic depends on the queue"

    # In use by another stack, and protected.
    cfn.create_stack(StackName="user", TemplateBody=USER, EnableTerminationProtection=True)
    wait(cfn, "user", "CREATE_COMPLETE")
    assert cfn.list_imports(ExportName="queues-arn")["Imports"] == ["user"]
    assert cfn.list_exports()["Exports"][0]["Name"] == "queues-arn"
    refused("ValidationError", "TerminationProtection", cfn.delete_stack, StackName="user")
    cfn.delete_stack(StackName="queues")
    assert "in use by user" in cfn.describe_stacks(StackName="queues")["Stacks"][0]["StackStatusReason"]
    cfn.update_termination_protection(StackName="user", EnableTerminationProtection=False)
    cfn.delete_stack(StackName="user")
    cfn.get_waiter("stack_delete_complete").wait(StackName="user", WaiterConfig={"Delay": 0.1})
    cfn.delete_stack(StackName="queues")
    wait(cfn, stack["StackId"], "DELETE_COMPLETE")
    refused("ValidationError", "does not exist", cfn.describe_stacks, StackName="queues")
    second = cfn.create_stack(StackName="queues", TemplateBody=QUEUES)
    assert second["StackId"] != stack["StackId"]
    wait(cfn, "queues", "CREATE_COMPLETE")


def updates():
    cfn = client("cloudformation")
    refused("ValidationError", "No updates are to be performed.", cfn.update_stack, StackName="queues", TemplateBody=QUEUES)
    refused("ValidationError", "do not exist in the template", cfn.update_stack, StackName="queues", TemplateBody=QUEUES,
            Parameters=[{"ParameterKey": "Wrong", "ParameterValue": "1"}])
    refused("ValidationError", "AllowedValues", cfn.update_stack, StackName="queues", TemplateBody=QUEUES,
            Parameters=[{"ParameterKey": "Big", "ParameterValue": "maybe"}])
    cfn.create_change_set(StackName="queues", ChangeSetName="bigger", UsePreviousTemplate=True, Parameters=[
        {"ParameterKey": "Seconds", "ParameterValue": "60"}, {"ParameterKey": "Big", "ParameterValue": "yes"}])
    cfn.create_change_set(StackName="queues", ChangeSetName="other", UsePreviousTemplate=True, Parameters=[
        {"ParameterKey": "Seconds", "ParameterValue": "90"}])
    cfn.get_waiter("change_set_create_complete").wait(StackName="queues", ChangeSetName="bigger", WaiterConfig={"Delay": 0.1})
    rows = cfn.describe_change_set(StackName="queues", ChangeSetName="bigger", IncludePropertyValues=True)["Changes"]
    found = {r["ResourceChange"]["LogicalResourceId"]: r["ResourceChange"] for r in rows}
    assert found["Dead"]["Action"] == "Add", found
    detail = next(d for d in found["Queue"]["Details"] if d["Target"]["Name"] == "VisibilityTimeout")
    assert found["Queue"]["Replacement"] == "False"
    assert (detail["Target"]["BeforeValue"], detail["Target"]["AfterValue"]) == ("30", "60"), detail
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ParameterReference", "Seconds"), detail
    cfn.execute_change_set(StackName="queues", ChangeSetName="bigger", ClientRequestToken="bigger")
    wait(cfn, "queues", "UPDATE_COMPLETE")
    names = [s["ChangeSetName"] for s in cfn.list_change_sets(StackName="queues")["Summaries"]]
    assert names == ["bigger"], names
    refused("ChangeSetNotFound", "other", cfn.execute_change_set, StackName="queues", ChangeSetName="other")
    refused("InvalidChangeSetStatus", "bigger", cfn.execute_change_set, StackName="queues", ChangeSetName="bigger")

    # A change set that the stack has left behind.
    cfn.create_change_set(StackName="queues", ChangeSetName="late", UsePreviousTemplate=True)
    time.sleep(0.2)
    cfn.update_stack(StackName="queues", UsePreviousTemplate=True, Parameters=[{"ParameterKey": "Seconds", "ParameterValue": "99"}])
    wait(cfn, "queues", "UPDATE_COMPLETE")
    late = cfn.describe_change_set(StackName="queues", ChangeSetName="late")
    assert late["ExecutionStatus"] == "OBSOLETE", late

    # A name that forces a replacement which cannot be.
    named = QUEUES.replace('${AWS::StackName}-in', 'other-in').replace("KeyType: HASH", "KeyType: HASH")
    cfn.update_stack(StackName="queues", TemplateBody=named)
    wait(cfn, "queues", "UPDATE_COMPLETE")
    resources = [r for page in cfn.get_paginator("list_stack_resources").paginate(StackName="queues") for r in page["StackResourceSummaries"]]
    assert len(resources) == 4 and any(r["PhysicalResourceId"].endswith("/other-in") for r in resources), resources
    assert cfn.describe_stack_resource(StackName="queues", LogicalResourceId="Queue")["StackResourceDetail"]["ResourceStatus"] == "UPDATE_COMPLETE"
    assert len(cfn.describe_stack_resources(StackName="queues")["StackResources"]) == 4
    assert "other-in" in cfn.get_template(StackName="queues")["TemplateBody"]
    assert {p["ParameterKey"] for p in cfn.get_template_summary(StackName="queues")["Parameters"]} == {"Seconds", "Big"}


def not_modelled():
    cfn, ecs = client("cloudformation"), client("ecs")
    refused("NotModelled", "DescribeAccountLimits", cfn.describe_account_limits)
    refused("NotModelled", "StartTask", ecs.start_task, taskDefinition="x", containerInstances=["i"])
    refused("NotModelled", "ResourceTypes", cfn.update_stack, StackName="queues", TemplateBody=QUEUES, ResourceTypes=["AWS::SQS::*"])
    strange = '{"Resources": {"A": {"Type": "AWS::Robot::Arm"}}}'
    refused("ValidationError", "AWS::Robot::Arm", cfn.create_stack, StackName="arm", TemplateBody=strange)
    refused("ValidationError", "Circular", cfn.create_stack, StackName="ring", TemplateBody=json.dumps({"Resources": {
        "A": {"Type": "AWS::SNS::Topic", "DependsOn": "B"}, "B": {"Type": "AWS::SNS::Topic", "DependsOn": "A"}}}))
    refused("ValidationError", "51200", cfn.create_stack, StackName="large", TemplateBody="#" * 51_201)
    refused("ValidationError", "stackName", cfn.create_stack, StackName="1st", TemplateBody=USER)
    role = json.dumps({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}}})
    refused("InsufficientCapabilitiesException", "CAPABILITY_IAM", cfn.create_stack, StackName="role", TemplateBody=role)
    refused("InvalidClientTokenId", "twelve-digit", client("cloudformation", account="AKIATEST").describe_stacks)


def buckets():
    s3, other = client("s3"), client("s3", account="222222222222")
    s3.create_bucket(Bucket="stranger", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    refused("BucketAlreadyExists", "not available", other.create_bucket, Bucket="stranger", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.head_bucket(Bucket="stranger", ExpectedBucketOwner="111111111111")
    refused("404", "Not Found", s3.head_bucket, Bucket="nobodys")
    refused("403", "Forbidden", other.head_bucket, Bucket="stranger")
    large = json.loads(service("shop:1")) | {"Metadata": {"Large": "x" * 60_000}}
    s3.put_object(Bucket="stranger", Key="large/template.json", Body=json.dumps(large).encode())
    assert json.loads(s3.get_object(Bucket="stranger", Key="large/template.json")["Body"].read()) == large
    refused("NoSuchKey", "does not exist", s3.get_object, Bucket="stranger", Key="none")
    refused("NotModelled", "acl", s3.put_object, Bucket="stranger", Key="open", Body=b"", ACL="public-read")
    refused("NotModelled", "DELETE", s3.delete_object, Bucket="stranger", Key="large/template.json")
    cfn = client("cloudformation")
    for url in (f"{ENDPOINT}/stranger/large/template.json", "https://stranger.s3.eu-west-1.amazonaws.com/large/template.json"):
        cfn.create_stack(StackName="large", TemplateURL=url)
        wait(cfn, "large", "CREATE_COMPLETE")
        assert cfn.get_template(StackName="large")["TemplateBody"] == large
        cfn.delete_stack(StackName=cfn.describe_stacks(StackName="large")["Stacks"][0]["StackId"])
        for _ in range(400):
            if all(s["StackName"] != "large" for s in cfn.describe_stacks()["Stacks"]):
                break
            time.sleep(0.02)
    refused("ValidationError", "S3 error: The specified key", cfn.validate_template, TemplateURL=f"{ENDPOINT}/stranger/none")


def services():
    cfn, ecs = client("cloudformation"), client("ecs")
    cfn.create_stack(StackName="web", TemplateBody=service("web:1"))
    wait(cfn, "web", "CREATE_COMPLETE")
    arn = cfn.describe_stacks(StackName="web")["Stacks"][0]["Outputs"][0]["OutputValue"]
    seen = ecs.describe_services(cluster="main", services=[arn])["services"][0]
    assert (seen["runningCount"], seen["deployments"][0]["rolloutState"]) == (2, "COMPLETED"), seen
    assert "steady state" in " ".join(e["message"] for e in seen["events"])
    deployment = ecs.list_service_deployments(service=arn)["serviceDeployments"][0]
    whole = ecs.describe_service_deployments(serviceDeploymentArns=[deployment["serviceDeploymentArn"]])["serviceDeployments"][0]
    assert whole["status"] == "SUCCESSFUL" and whole["targetServiceRevision"]["runningTaskCount"] == 2, whole
    revision = ecs.describe_service_revisions(serviceRevisionArns=[deployment["targetServiceRevisionArn"]])["serviceRevisions"][0]
    assert revision["containerImages"][0]["imageDigest"].startswith("sha256:"), revision
    definition = ecs.describe_task_definition(taskDefinition=seen["taskDefinition"])["taskDefinition"]
    assert definition["containerDefinitions"][0]["portMappings"] == [{"containerPort": 80}], definition

    # An image that crashes: the circuit breaker puts the old one back, the stack rolls back.
    fault(fault="image-crashes", image="web:2", exit_code=7, reason="missing DATABASE_URL")
    cfn.update_stack(StackName="web", TemplateBody=service("web:2"), ClientRequestToken="bad")
    wait(cfn, "web", "UPDATE_ROLLBACK_COMPLETE")
    stopped = [t for page in ecs.get_paginator("list_tasks").paginate(cluster="main", serviceName=arn, desiredStatus="STOPPED") for t in page["taskArns"]]
    tasks = ecs.describe_tasks(cluster="main", tasks=stopped)["tasks"]
    crashed = [t for t in tasks if t["stopCode"] == "EssentialContainerExited"]
    assert len(crashed) >= 3 and all(t["containers"][0]["exitCode"] == 7 for t in crashed), tasks
    newest = ecs.list_service_deployments(service=arn, status=["ROLLBACK_SUCCESSFUL"])["serviceDeployments"]
    assert len(newest) == 1, newest
    assert ecs.describe_services(cluster="main", services=[arn])["services"][0]["runningCount"] == 2

    # Without an end: cancelled.
    fault(fault="image-hangs", image="web:3")
    cfn.update_stack(StackName="web", TemplateBody=service("web:3"))
    time.sleep(0.4)
    refused("ValidationError", "UPDATE_IN_PROGRESS state", cfn.update_stack, StackName="web", TemplateBody=service("web:4"))
    cfn.cancel_update_stack(StackName="web", ClientRequestToken="cancel")
    wait(cfn, "web", "UPDATE_ROLLBACK_COMPLETE")
    refused("ValidationError", "CancelUpdateStack cannot be called", cfn.cancel_update_stack, StackName="web")

    # Left as it failed, then rolled back.
    fault(fault="resource-fails", stack="web", resource="Service", during="update", reason="no capacity")
    cfn.update_stack(StackName="web", TemplateBody=service("web:5"), DisableRollback=True)
    wait(cfn, "web", "UPDATE_FAILED")
    cfn.rollback_stack(StackName="web")
    wait(cfn, "web", "UPDATE_ROLLBACK_COMPLETE")

    # A rollback that fails, continued.
    for during in ("update", "rollback"):
        fault(fault="resource-fails", stack="web", resource="AWS::ECS::Service", during=during, reason="no capacity")
    cfn.update_stack(StackName="web", TemplateBody=service("web:5"))
    wait(cfn, "web", "UPDATE_ROLLBACK_FAILED")
    cfn.continue_update_rollback(StackName="web", ResourcesToSkip=["Service"])
    wait(cfn, "web", "UPDATE_ROLLBACK_COMPLETE")

    # No cluster.
    cfn.create_stack(StackName="lost", TemplateBody=service("web:1").replace('"main"', '"nowhere"'), OnFailure="DO_NOTHING")
    wait(cfn, "lost", "CREATE_FAILED")
    reasons = [e.get("ResourceStatusReason", "") for e in cfn.describe_stack_events(StackName="lost")["StackEvents"]]
    assert any("Cluster not found" in reason for reason in reasons), reasons
    assert ecs.describe_clusters(clusters=["nowhere"])["failures"][0]["reason"] == "MISSING"
    ecs.create_cluster(clusterName="nowhere")
    assert len(ecs.list_clusters()["clusterArns"]) == 2
    ecs.delete_cluster(cluster="nowhere")


def faults_and_ledger():
    cfn = client("cloudformation", "222222222222", "us-east-1")
    for effect, code in (("throttle", "Throttling"), ("deny", "AccessDenied"), ("fail", "InternalFailure")):
        fault(fault="call", operation="DescribeStacks", account="222222222222", effect=effect)
        refused(code, "", cfn.describe_stacks)
    fault(fault="call", operation="CreateStack", effect="reply-lost")
    try:
        cfn.create_stack(StackName="lost", TemplateBody=QUEUES, ClientRequestToken="once")
        raise AssertionError("the reply was not lost")
    except ClientError as error:
        raise AssertionError(f"an answer came: {error}")
    except Exception:
        pass
    cfn.create_stack(StackName="lost", TemplateBody=QUEUES, ClientRequestToken="once")
    ledger = json.load(urllib.request.urlopen(f"{ENDPOINT}/_landfall/ledger"))
    lost = [(e["operation"], e["effect"]) for e in ledger if e["subject"] == "lost" and e["place"]["account"] == "222222222222"]
    assert lost == [("CreateStack", "effective"), ("CreateStack", "replayed")], lost
    urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/_landfall/faults", method="DELETE"))
    assert json.load(urllib.request.urlopen(f"{ENDPOINT}/_landfall/faults")) == []
    # ECS throttles registrations after twenty at once, as documented.
    ecs = client("ecs", "222222222222", "us-east-1")
    for index in range(20):
        ecs.register_task_definition(family="many", containerDefinitions=[{"name": "a", "image": f"a:{index}", "memory": 64}])
    refused("ThrottlingException", "Rate exceeded", ecs.register_task_definition, family="many", containerDefinitions=[{"name": "a", "image": "a"}])
    arns = [a for page in ecs.get_paginator("list_task_definitions").paginate(familyPrefix="many") for a in page["taskDefinitionArns"]]
    assert len(arns) == 20


def roles():
    sts = client("sts", "111111111111", "us-east-1")
    assert sts.get_caller_identity()["Account"] == "111111111111"
    keys = sts.assume_role(RoleArn="arn:aws:iam::222222222222:role/deploy", RoleSessionName="visit")["Credentials"]
    session = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"], "aws_session_token": keys["SessionToken"]}
    who = client("sts", **session).get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("222222222222", "arn:aws:sts::222222222222:assumed-role/deploy/visit"), who
    names = [s["StackName"] for page in client("cloudformation", **session).get_paginator("describe_stacks").paginate() for s in page["Stacks"]]
    assert names == ["queues"], names


def paging():
    cfn = client("cloudformation", "222222222222", "eu-west-1")
    for index in range(7):
        cfn.create_stack(StackName=f"page-{index}", TemplateBody='{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}')
    first = cfn.describe_stacks()
    assert len(first["Stacks"]) == 3 and "NextToken" in first
    every = [s["StackName"] for page in cfn.get_paginator("describe_stacks").paginate() for s in page["Stacks"]]
    assert every == [f"page-{i}" for i in range(7)] + ["queues"], every
    listed = [s for page in cfn.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"]) for s in page["StackSummaries"]]
    assert {s["StackName"] for s in listed} == {"user", "queues"}, listed


for account in ("111111111111", "222222222222"):
    for region in ("eu-west-1", "us-east-1"):
        stacks_of_a_stranger(account, region)
updates()
not_modelled()
buckets()
services()
roles()
paging()
faults_and_ledger()
print("boto3: done")
