"""The CDK's command line against the simulated account: a stack comes, stays, fails and rolls back, and goes.

The app is an assembly as the CDK's library writes it, so that the library is not needed. Without LANDFALL_CLIENTS it is only deployed,
twice: the rest takes half a minute.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

import boto3

ENDPOINT = sys.argv[1]
APP = pathlib.Path(tempfile.mkdtemp())
MANIFEST = {"version": "38.0.0", "artifacts": {"web": {
    "type": "aws:cloudformation:stack", "environment": "aws://111111111111/eu-west-1",
    "properties": {"templateFile": "web.template.json", "stackName": "cdk-web", "validateOnSynth": False, "tags": {"team": "shop"}},
}}}


def template(image):
    task = {"Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
            "ContainerDefinitions": [{"Name": "app", "Image": image}]}
    network = {"AwsvpcConfiguration": {"Subnets": ["subnet-0a1b2c3d"]}}
    service = {"Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1, "LaunchType": "FARGATE",
               "NetworkConfiguration": network,
               "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}}
    return {"Resources": {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        "Service": {"Type": "AWS::ECS::Service", "Properties": service},
    }, "Outputs": {"Service": {"Value": {"Ref": "Service"}}}}


def cdk(*arguments, image="web:1", fails=None):
    (APP / "manifest.json").write_text(json.dumps(MANIFEST))
    (APP / "web.template.json").write_text(json.dumps(template(image)))
    environment = os.environ | {
        "AWS_ENDPOINT_URL": ENDPOINT, "AWS_ACCESS_KEY_ID": "111111111111", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_HOME": str(APP / "home"), "CDK_DISABLE_CLI_TELEMETRY": "true", "NO_COLOR": "1",
    }
    command = ["cdk", *arguments, "--app", str(APP), "--ci"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    said = done.stdout + done.stderr
    assert (done.returncode != 0) == bool(fails), said
    assert not fails or fails in said, said
    return said


def status():
    stacks = boto3.client("cloudformation", endpoint_url=ENDPOINT, region_name="eu-west-1", aws_access_key_id="111111111111",
                          aws_secret_access_key="x")
    return stacks.describe_stacks(StackName="cdk-web")["Stacks"][0]


deploy = ["deploy", "--require-approval", "never"]
cdk(*deploy)
first = status()
assert first["StackStatus"] == "CREATE_COMPLETE" and first["Tags"] == [{"Key": "team", "Value": "shop"}], first
assert "no changes" in cdk(*deploy)
assert status() == first
if os.environ.get("LANDFALL_CLIENTS"):
    cdk(*deploy, image="web:2")
    assert status()["StackStatus"] == "UPDATE_COMPLETE", status()
    fault = json.dumps({"fault": "image-crashes", "image": "broken", "exit_code": 1}).encode()
    urllib.request.urlopen(urllib.request.Request(ENDPOINT + "/_landfall/faults", fault))
    cdk(*deploy, image="web:broken", fails="Circuit Breaker was triggered")
    assert status()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", status()
    cdk("destroy", "--force")
print("cdk: done")
