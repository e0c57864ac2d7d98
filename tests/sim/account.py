"""The simulated accounts that a script is started for: clients whose answers are compared with botocore's models, and waiting for
the end of an operation."""

import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config
from answers import watch

ENDPOINT = sys.argv[1]
SETTINGS = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def post(path, **words):
    urllib.request.urlopen(urllib.request.Request(ENDPOINT + path, json.dumps(words).encode()))


def fault(**words):
    post("/_landfall/faults", **words)


def clear():
    urllib.request.urlopen(urllib.request.Request(ENDPOINT + "/_landfall/faults", method="DELETE"))


def wait(ended, what):
    """What `ended` answers as soon as it is something."""
    for _ in range(1500):
        found = ended()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


class Account:
    """One account in one region."""

    def __init__(self, number, region="eu-west-1"):
        self.number, self.region = number, region
        self.cfn, self.ecs = self.client("cloudformation"), self.client("ecs")

    def client(self, kind, **keys):
        keys = {"aws_access_key_id": self.number, "aws_secret_access_key": "x", **keys}
        return watch(boto3.client(kind, endpoint_url=ENDPOINT, region_name=self.region, config=SETTINGS, **keys))

    def by_hand(self, stack, resource, **deed):
        post("/_landfall/hands", account=self.number, region=self.region, stack=stack, resource=resource, **deed)

    def events(self, name):
        pages = self.cfn.get_paginator("describe_stack_events").paginate(StackName=name)
        return pages.build_full_result()["StackEvents"]

    def reasons(self, name):
        return [event.get("ResourceStatusReason", "") for event in self.events(name)]

    def stack(self, name):
        return self.cfn.describe_stacks(StackName=name)["Stacks"][0]

    def settled(self, name, status):
        """The stack once nothing goes on in it, which then has this status."""
        def ended():
            found = self.stack(name)
            return None if found["StackStatus"].endswith("_IN_PROGRESS") else found
        found = wait(ended, f"the end of {name}")
        assert found["StackStatus"] == status, (found, self.reasons(name))
        return found

    def change_set(self, name, **arguments):
        """A change set of the stack, once it is made or has failed."""
        made = self.cfn.create_change_set(StackName=name, **arguments)

        def ended():
            found = self.cfn.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True)
            return found if found["Status"] in ("CREATE_COMPLETE", "FAILED") else None
        return wait(ended, "a change set")

    def detected(self, name, **arguments):
        """What drift detection finds."""
        detection = self.cfn.detect_stack_drift(StackName=name, **arguments)["StackDriftDetectionId"]

        def ended():
            found = self.cfn.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            return None if found["DetectionStatus"] == "DETECTION_IN_PROGRESS" else found
        return wait(ended, "the detection")


# Most scripts need no more than one.
ONE = Account("111111111111")
KEYS = {"aws_access_key_id": ONE.number, "aws_secret_access_key": "x"}
WHERE = {"endpoint_url": ENDPOINT, "region_name": ONE.region, "config": SETTINGS}
cfn, ecs, by_hand, events, reasons, stack = ONE.cfn, ONE.ecs, ONE.by_hand, ONE.events, ONE.reasons, ONE.stack
settled, change_set, detected = ONE.settled, ONE.change_set, ONE.detected
