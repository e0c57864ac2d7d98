"""The AWS command line against the simulated account."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ENDPOINT = sys.argv[1]
FOLDER = pathlib.Path(tempfile.mkdtemp())

TOPIC = """
Parameters:
  Name: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Name}
Outputs:
  Topic: {Value: !Ref Topic}
"""


def aws(*arguments, account="111111111111", region="eu-west-1", fails=None):
    environment = os.environ | {
        "AWS_ENDPOINT_URL": ENDPOINT, "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region, "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(["aws", *arguments, "--output", "json"], env=environment, capture_output=True, text=True)
    if fails:
        assert done.returncode != 0 and fails in done.stderr, (arguments, done)
        return None
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    try:
        return json.loads(done.stdout or "null")
    except json.JSONDecodeError:
        return done.stdout


def settled(where, status):
    for _ in range(40):
        shown = aws("cloudformation", "describe-stacks", "--stack-name", "topic", **where)["Stacks"][0]
        if not shown["StackStatus"].endswith("_IN_PROGRESS"):
            assert shown["StackStatus"] == status, shown
            return shown
    raise AssertionError(f"the stack does not come to {status}")


template = FOLDER / "topic.yaml"
template.write_text(TOPIC)
whole = ["--stack-name", "topic", "--template-body", f"file://{template}"]
for account, region in (("111111111111", "eu-west-1"), ("222222222222", "us-east-1")):
    where = {"account": account, "region": region}
    one, two = (["--parameters", f"ParameterKey=Name,ParameterValue={name}"] for name in ("one", "two"))
    aws("cloudformation", "create-stack", *whole, *one, "--tags", "Key=team,Value=x", **where)
    shown = settled(where, "CREATE_COMPLETE")
    assert f":{region}:{account}:" in shown["Outputs"][0]["OutputValue"], shown
    aws("cloudformation", "update-stack", *whole, *one, fails="No updates are to be performed", **where)
    aws("cloudformation", "update-stack", *whole, *two, **where)
    settled(where, "UPDATE_COMPLETE")
    aws("cloudformation", "update-termination-protection", "--stack-name", "topic", "--enable-termination-protection", **where)
    aws("cloudformation", "delete-stack", "--stack-name", "topic", fails="TerminationProtection", **where)
    aws("cloudformation", "update-termination-protection", "--stack-name", "topic", "--no-enable-termination-protection", **where)
    events = aws("cloudformation", "describe-stack-events", "--stack-name", "topic", **where)["StackEvents"]
    assert events[0]["ResourceStatus"] == "UPDATE_COMPLETE", events[0]
    aws("cloudformation", "delete-stack", "--stack-name", "topic", **where)
    assert aws("ecs", "describe-clusters", "--clusters", "main", **where)["clusters"][0]["status"] == "ACTIVE"
# `deploy` makes a change set, waits for it with pauses of five seconds, and leaves it.
deploy = ["cloudformation", "deploy", "--stack-name", "fresh", "--template-file", str(template), "--no-execute-changeset"]
assert "describe-change-set" in aws(*deploy, "--parameter-overrides", "Name=one")
assert aws("cloudformation", "describe-stacks", "--stack-name", "fresh")["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
# The same with the template in a bucket, where it is put with the encryption that the account has anyway.
aws("s3api", "create-bucket", "--bucket", "shop-templates", "--create-bucket-configuration", "LocationConstraint=eu-west-1")
deploy = ["cloudformation", "deploy", "--stack-name", "from-bucket", "--template-file", str(template), "--no-execute-changeset"]
aws(*deploy, "--s3-bucket", "shop-templates", "--parameter-overrides", "Name=one")
aws("s3api", "put-object", "--bucket", "shop-templates", "--key", "a b/c", "--body", str(template), "--if-none-match", "*")
aws("s3api", "put-object", "--bucket", "shop-templates", "--key", "a b/c", "--body", str(template), "--if-none-match", "*", fails="PreconditionFailed")
# An image, as the console and scripts make one more tag for it.
aws("ecr", "create-repository", "--repository-name", "shop")
manifest = FOLDER / "manifest.json"
blob = {"mediaType": "application/octet-stream", "digest": "sha256:" + "0" * 64, "size": 1}
manifest.write_text(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": blob, "layers": []}))
for tag in ("1.0", "1.1", "1.2", "1.3"):
    aws("ecr", "put-image", "--repository-name", "shop", "--image-tag", tag, "--image-manifest", f"file://{manifest}")
[image] = aws("ecr", "describe-images", "--repository-name", "shop", "--filter", "tagStatus=TAGGED")["imageDetails"]
assert image["imageTags"] == ["1.0", "1.1", "1.2", "1.3"], image
assert len(aws("ecr", "list-images", "--repository-name", "shop")["imageIds"]) == 4
got = aws("ecr", "batch-get-image", "--repository-name", "shop", "--image-ids", "imageTag=1.0", "--query", "images[0].imageManifest")
assert json.loads(got) == json.loads(manifest.read_text()), got
aws("ecr", "describe-repositories", "--repository-names", "none", fails="RepositoryNotFoundException")
aws("ecr", "get-login-password", fails="does not model the operation GetAuthorizationToken")
assert aws("logs", "describe-log-groups")["logGroups"] == []
aws("logs", "filter-log-events", "--log-group-name", "none", "--interleaved", fails="ResourceNotFoundException")
# Only what is signed for S3 is an object.
aws("lambda", "put-function-concurrency", "--function-name", "f", "--reserved-concurrent-executions", "1", fails="the service lambda")
assert aws("sts", "get-caller-identity")["Account"] == "111111111111"
aws("cloudformation", "describe-type-registration", "--registration-token", "a" * 36, fails="does not model")
print("aws: done")
