"""ARNs of another region or account, which ECS refuses. With boto3."""

from account import cfn, ecs
from answers import refused

HERE = "arn:aws:ecs:eu-west-1:111111111111:%s"
REGION = "arn:aws:ecs:us-east-1:111111111111:%s"
ACCOUNT = "arn:aws:ecs:eu-west-1:222222222222:%s"
FOREIGN = ((REGION, "Invalid Region in ARN"), (ACCOUNT, "Identifier is for 222222222222. Your accountId is 111111111111"))

ecs.register_task_definition(family="web", containerDefinitions=[{"name": "app", "image": "web:1", "memory": 128}])
ecs.create_service(cluster="main", serviceName="web", taskDefinition="web", desiredCount=0)

for arn, words in FOREIGN:
    for call, names in (
            (ecs.describe_clusters, {"clusters": [arn % "cluster/main"]}),
            (ecs.list_services, {"cluster": arn % "cluster/main"}),
            (ecs.describe_services, {"cluster": "main", "services": ["web", arn % "service/main/web"]}),
            (ecs.describe_task_definition, {"taskDefinition": arn % "task-definition/web:1"}),
            (ecs.update_service, {"cluster": "main", "service": "web", "taskDefinition": arn % "task-definition/web:1"}),
            (ecs.run_task, {"cluster": arn % "cluster/main", "taskDefinition": "web"}),
            (ecs.list_tags_for_resource, {"resourceArn": arn % "service/main/web"})):
        refused("InvalidParameterException", words, call, **names)
assert not ecs.describe_services(cluster=HERE % "cluster/main", services=[HERE % "service/main/web"])["failures"]

# CloudFormation has no stack under such an id.
for stack in ("us-east-1:111111111111", "eu-west-1:222222222222"):
    name = f"arn:aws:cloudformation:{stack}:stack/web/00000000-0000-0000-0000-000000000000"
    refused("ValidationError", "does not exist", cfn.describe_stacks, StackName=name)
