"""The CDK imports what exists, and says why a change set is invalid or what a hook found. What it reads is an assembly as its
library writes it."""

import json
import os
import pathlib
import subprocess
import tempfile

from account import ENDPOINT, cfn, clear, fault, settled

HOME = pathlib.Path(tempfile.mkdtemp())


def group(name, **more):
    return {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "Properties": {"LogGroupName": name}, **more}


def assembly(stack, **resources):
    folder = HOME / stack
    folder.mkdir(exist_ok=True)
    (folder / "web.json").write_text(json.dumps({"Resources": resources}))
    (folder / "manifest.json").write_text(json.dumps({"version": "38.0.0", "artifacts": {stack: {
        "type": "aws:cloudformation:stack", "environment": "aws://111111111111/eu-west-1",
        "properties": {"templateFile": "web.json", "stackName": stack, "validateOnSynth": False},
        "metadata": {f"/{stack}/{name}": [{"type": "aws:cdk:logicalId", "data": name}] for name in resources}}}}))
    return str(folder)


def cdk(*command, app, good=True):
    environment = os.environ | {
        "AWS_ENDPOINT_URL": ENDPOINT, "AWS_ACCESS_KEY_ID": "111111111111", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(HOME), "CDK_HOME": str(HOME),
        "CDK_DISABLE_CLI_TELEMETRY": "true", "NO_COLOR": "1", "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(["cdk", *command, "--app", app, "--ci"], cwd=HOME, env=environment, capture_output=True, text=True, timeout=300)
    said = done.stdout + done.stderr
    assert (done.returncode == 0) == good, f"cdk {' '.join(command)} ended with {done.returncode}:\n{said}"
    return said


def leave(name):
    """A log group that a deleted stack left behind."""
    id = cfn.create_stack(StackName="leaves", TemplateBody=json.dumps({"Resources": {"L": group(name)}}))["StackId"]
    settled(id, "CREATE_COMPLETE")
    cfn.delete_stack(StackName="leaves")
    settled(id, "DELETE_COMPLETE")


def it_imports_by_a_mapping():
    leave("mapped")
    (HOME / "mapping.json").write_text(json.dumps({"Group": {"LogGroupName": "mapped"}}))
    cdk("import", "--resource-mapping", "mapping.json", app=assembly("cdk-mapped", Group=group("mapped")))
    settled("cdk-mapped", "IMPORT_COMPLETE")


def it_imports_what_its_names_take():
    leave("named")
    cdk("deploy", "--require-approval", "never", "--import-existing-resources", app=assembly("cdk-named", Group=group("named")))
    settled("cdk-named", "CREATE_COMPLETE")


def it_says_why_a_change_set_is_invalid():
    said = cdk("deploy", "--require-approval", "never", app=assembly("cdk-taken", Group=group("named")), good=False)
    assert "Resource of type 'AWS::Logs::LogGroup' with identifier 'named' already exists." in said, said


def it_says_what_a_hook_found():
    fault(fault="guard-hook", hook="Example::Guard::Hook", target="CHANGE_SET", mode="FAIL", reason="not like this", stack="cdk-guarded")
    said = cdk("deploy", "--require-approval", "never", app=assembly("cdk-guarded", Group=group("guarded")), good=False)
    assert "Hook 'Example::Guard::Hook' failed: not like this" in said, said
    clear()


it_imports_by_a_mapping()
it_imports_what_its_names_take()
it_says_why_a_change_set_is_invalid()
it_says_what_a_hook_found()
print("cdk_import: done")
