"""Other people's clients against the simulated account: a stack comes, stays, changes, fails and rolls back, and goes.

`drive.py ENDPOINT CLIENT`: runs one client. Without LANDFALL_CLIENTS the stack only comes and stays: the rest takes minutes. What
the CDK reads is an assembly as its library writes it, so that the library is not needed.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

import boto3

ENDPOINT, CLIENT = sys.argv[1:3]
HOME = pathlib.Path(tempfile.mkdtemp())
STACK = f"{CLIENT}-web"
WHERE = {"endpoint_url": ENDPOINT, "region_name": "eu-west-1", "aws_access_key_id": "111111111111",
         "aws_secret_access_key": "x"}


def template(image):
    task = {"Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
            "ContainerDefinitions": [{"Name": "app", "Image": image}]}
    service = {"Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1, "LaunchType": "FARGATE",
               "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-0a1b2c3d"]}},
               "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        "Service": {"Type": "AWS::ECS::Service", "Properties": service},
    }, "Outputs": {"Service": {"Value": {"Ref": "Service"}}}}


def impatient():
    """A Python that never sleeps long: clients look at a stack again after up to half a minute."""
    (HOME / "python").mkdir()
    (HOME / "python/sitecustomize.py").write_text(
        "import time\nsleep = time.sleep\ntime.sleep = lambda seconds: sleep(min(seconds, 0.2))\n")


def run(*command, good=True):
    """What a client says; it has to end well, or badly."""
    environment = os.environ | {
        "AWS_ENDPOINT_URL": ENDPOINT, "AWS_ACCESS_KEY_ID": "111111111111", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": str(HOME / "python"), "HOME": str(HOME), "CDK_HOME": str(HOME), "CDK_DISABLE_CLI_TELEMETRY": "true", "SAM_CLI_TELEMETRY": "0",
        "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "False", "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, timeout=300)
    said = done.stdout + done.stderr
    assert good is None or (done.returncode == 0) == good, f"{' '.join(command)} ended with {done.returncode}:\n{said}"
    return said


def files(image):
    """The template, and what each client needs beside it."""
    write = lambda name, text: ((HOME / name).parent.mkdir(parents=True, exist_ok=True), (HOME / name).write_text(text))
    write("web.json", json.dumps(template(image)))
    write("templates/web.json", json.dumps(template(image)))
    write("config/config.yaml", "project_code: sceptre\nregion: eu-west-1\n")
    write("config/web.yaml", f"template: {{path: web.json, type: file}}\nstack_name: {STACK}\n")
    write("cfn-cli.yaml", f"Version: 3\nStages:\n  Default:\n    Web: {{Template: web.json, StackName: {STACK}, Region: eu-west-1}}\n")
    write("manifest.json", json.dumps({"version": "38.0.0", "artifacts": {"web": {
        "type": "aws:cloudformation:stack", "environment": "aws://111111111111/eu-west-1",
        "properties": {"templateFile": "web.json", "stackName": STACK, "validateOnSynth": False},
    }}}))
    for state in ("present", "absent"):
        module = {"stack_name": STACK, "state": state, "region": "eu-west-1", "endpoint_url": ENDPOINT, "template": "web.json"}
        if state == "absent":
            del module["template"]
        play = [{"hosts": "localhost", "gather_facts": False, "connection": "local",
                 "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
                 "tasks": [{"amazon.aws.cloudformation": module}]}]
        write(f"{state}.json", json.dumps(play))


AWS = ["aws", "cloudformation"]
SAM = ["sam", "deploy", "--template-file", "web.json", "--stack-name", STACK, "--s3-bucket", "assets", "--region", "eu-west-1",
       "--no-progressbar", "--no-confirm-changeset"]
CDK = ["--app", str(HOME), "--ci"]
# How each deploys, what it says where nothing changes, and how it deletes.
CLIENTS = {
    "aws": ([*AWS, "deploy", "--template-file", "web.json", "--stack-name", STACK, "--s3-bucket", "assets"],
            "No changes to deploy", [*AWS, "delete-stack", "--stack-name", STACK]),
    "cdk": (["cdk", "deploy", "--require-approval", "never", *CDK], "no changes", ["cdk", "destroy", "--force", *CDK]),
    "sam": (SAM, "is up to date", ["sam", "delete", "--stack-name", STACK, "--no-prompts", "--region", "eu-west-1"]),
    "sceptre": (["sceptre", "launch", "-y", "web.yaml"], "No updates to perform", ["sceptre", "delete", "-y", "web.yaml"]),
    "cfn-cli": (["cfn-cli", "stack", "sync"], "", ["cfn-cli", "stack", "delete", "--quiet"]),
    "ansible": (["ansible-playbook", "-i", "localhost,", "present.json"], "changed=0",
                ["ansible-playbook", "-i", "localhost,", "absent.json"]),
}
DEPLOY, SAME, DELETE = CLIENTS[CLIENT]
cloudformation = boto3.client("cloudformation", **WHERE)


def stack():
    return cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]


boto3.client("s3", **WHERE).create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
impatient()
files("web:1")
run(*DEPLOY)
first = stack()
assert first["StackStatus"] == "CREATE_COMPLETE", first
# Some end badly where there is nothing to do.
said = run(*DEPLOY, good=None)
assert SAME in said, said
assert stack() == first, (stack(), first)
if CLIENT == "sceptre":
    assert "No difference" in run("sceptre", "diff", "web.yaml")
    files("web:2")
    assert "web:2" in run("sceptre", "diff", "web.yaml", good=None)
if os.environ.get("LANDFALL_CLIENTS"):
    files("web:2")
    run(*DEPLOY)
    assert stack()["StackStatus"] == "UPDATE_COMPLETE", stack()
    fault = json.dumps({"fault": "image-crashes", "image": "broken", "exit_code": 1}).encode()
    urllib.request.urlopen(urllib.request.Request(ENDPOINT + "/_landfall/faults", fault))
    files("web:broken")
    said = run(*DEPLOY, good=False)
    assert stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", (stack(), said)
    run(*DELETE)
    if CLIENT == "aws":
        run("aws", "cloudformation", "wait", "stack-delete-complete", "--stack-name", STACK)
    left = cloudformation.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert STACK in [one["StackName"] for one in left], left
print(f"{CLIENT}: done")
