"""The simulated account that a script is started for: clients whose answers are compared with botocore's models, and waiting for the
end of an operation."""

import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config
from answers import watch

ENDPOINT = sys.argv[1]
KEYS = {"aws_access_key_id": "111111111111", "aws_secret_access_key": "x"}
WHERE = {"endpoint_url": ENDPOINT, "region_name": "eu-west-1",
         "config": Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})}
cfn = watch(boto3.client("cloudformation", **WHERE, **KEYS))
ecs = watch(boto3.client("ecs", **WHERE, **KEYS))


def post(path, **words):
    urllib.request.urlopen(urllib.request.Request(ENDPOINT + path, json.dumps(words).encode()))


def fault(**words):
    post("/_landfall/faults", **words)


def clear():
    urllib.request.urlopen(urllib.request.Request(ENDPOINT + "/_landfall/faults", method="DELETE"))


def by_hand(stack, resource, **deed):
    post("/_landfall/hands", account="111111111111", region="eu-west-1", stack=stack, resource=resource, **deed)


def wait(ended, what):
    """What `ended` answers as soon as it is something."""
    for _ in range(1500):
        found = ended()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


def events(name):
    return cfn.get_paginator("describe_stack_events").paginate(StackName=name).build_full_result()["StackEvents"]


def reasons(name):
    return [event.get("ResourceStatusReason", "") for event in events(name)]


def stack(name):
    return cfn.describe_stacks(StackName=name)["Stacks"][0]


def settled(name, status):
    """The stack once nothing goes on in it, which then has this status."""
    def ended():
        found = stack(name)
        return None if found["StackStatus"].endswith("_IN_PROGRESS") else found
    found = wait(ended, f"the end of {name}")
    assert found["StackStatus"] == status, (found, reasons(name))
    return found


def change_set(name, **arguments):
    """A change set of the stack, once it is made or has failed."""
    made = cfn.create_change_set(StackName=name, **arguments)

    def ended():
        found = cfn.describe_change_set(ChangeSetName=made["Id"])
        return found if found["Status"] in ("CREATE_COMPLETE", "FAILED") else None
    return wait(ended, "a change set")


def detected(name, **arguments):
    """What drift detection finds."""
    detection = cfn.detect_stack_drift(StackName=name, **arguments)["StackDriftDetectionId"]

    def ended():
        found = cfn.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        return None if found["DetectionStatus"] == "DETECTION_IN_PROGRESS" else found
    return wait(ended, "the detection")
