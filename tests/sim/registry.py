"""ECR: repositories of stacks and of clients, images that clients and people push, and what tasks find to pull. With boto3."""

import datetime
import hashlib
import json
import urllib.error
import urllib.request

import account
from account import ENDPOINT, ONE, cfn, ecs, fault, clear, settled, wait
from answers import refused

ecr = ONE.client("ecr")
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
HOST = "111111111111.dkr.ecr.eu-west-1.amazonaws.com"


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def manifest(name, size=1000):
    def blob(kind, size):
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest(f"{kind} {name}"), "size": size}
    return json.dumps({"schemaVersion": 2, "mediaType": IMAGE, "config": blob("config.v1+json", 10),
                       "layers": [blob("layer.v1.tar+gzip", size)]})


def put(repository, text, tag=None, **more):
    if tag:
        more["imageTag"] = tag
    return ecr.put_image(repositoryName=repository, imageManifest=text, **more)["image"]


def push(**words):
    """A push by hand; gives its digest."""
    words = {"account": "111111111111", "region": "eu-west-1"} | words
    request = urllib.request.Request(ENDPOINT + "/_landfall/images", json.dumps(words).encode())
    return json.loads(urllib.request.urlopen(request).read())["digest"]


def not_pushed(part, **words):
    try:
        push(**words)
    except urllib.error.HTTPError as error:
        assert error.code == 400 and part in (said := error.read().decode()), said
        return
    raise AssertionError(f"{words} was pushed")


def all_of(operation, key, **arguments):
    return ecr.get_paginator(operation).paginate(**arguments).build_full_result()[key]


def tags(repository, **more):
    images = all_of("describe_images", "imageDetails", repositoryName=repository, **more)
    return sorted(tuple(image.get("imageTags", [])) for image in images)


def body(**resources):
    return json.dumps({"Resources": resources})


def repository(name=None, **more):
    return {"Type": "AWS::ECR::Repository", "Properties": more | ({"RepositoryName": name} if name else {})}


def what_was_pushed_is_there():
    made = ecr.create_repository(repositoryName="team/app")["repository"]
    assert made["repositoryUri"] == f"{HOST}/team/app" and made["imageTagMutability"] == "MUTABLE", made
    refused("RepositoryAlreadyExistsException", "'team/app' already exists in the registry with id '111111111111'",
            ecr.create_repository, repositoryName="team/app")
    for name in ("Team", "/app", "app/", "a//b", "-app", "a..b", "a" * 257):
        refused("InvalidParameterException", "must satisfy regular expression", ecr.create_repository, repositoryName=name)
    ecr.create_repository(repositoryName="a-b.c_d/e0")
    first = manifest("first")
    image = put("team/app", first, "1.0", imageDigest=digest(first))
    assert image["imageId"] == {"imageDigest": digest(first), "imageTag": "1.0"}, image
    refused("ImageAlreadyExistsException", f"Image with digest '{digest(first)}' and tag '1.0' already exists in the repository "
            "with name 'team/app' in registry with id '111111111111'",
            ecr.put_image, repositoryName="team/app", imageManifest=first, imageTag="1.0")
    put("team/app", first, "stable")
    refused("ImageDigestDoesNotMatchException", "does not match", ecr.put_image,
            repositoryName="team/app", imageManifest=first, imageDigest=digest("other"))
    for tag in (".1", "-1", "a b", "a:b", "a" * 129):
        refused("InvalidParameterException", "imageTag", ecr.put_image, repositoryName="team/app", imageManifest=first, imageTag=tag)
    short = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"digest": "sha256:0"}]})
    for text in ("{", "{}", short, first.replace(IMAGE, INDEX)):
        refused("InvalidParameterException", "'ImageManifest'", ecr.put_image, repositoryName="team/app", imageManifest=text)
    refused("InvalidParameterException", "media type", ecr.put_image,
            repositoryName="team/app", imageManifest=first, imageManifestMediaType=INDEX)
    old = "application/vnd.docker.distribution.manifest.v1+json"
    refused("NotModelled", old, ecr.put_image, repositoryName="team/app", imageManifest="{}", imageManifestMediaType=old)
    refused("RepositoryNotFoundException", "The repository with name 'none' does not exist in the registry with id",
            ecr.put_image, repositoryName="none", imageManifest=first)
    # A tag moves, and the image that had it stays.
    second = manifest("second", 2000)
    put("team/app", second, "stable")
    [row] = ecr.describe_images(repositoryName="team/app", imageIds=[{"imageTag": "stable"}])["imageDetails"]
    assert row["imageDigest"] == digest(second) and row["imageTags"] == ["stable"], row
    assert row["imageSizeInBytes"] == 2010 and row["imageManifestMediaType"] == IMAGE, row
    assert abs((row["imagePushedAt"] - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 60, row
    refused("ImageNotFoundException", "The image with imageId {imageDigest:'null', imageTag:'9.9.9'} does not exist within the "
            "repository with name 'team/app' in the registry with id '111111111111'",
            ecr.describe_images, repositoryName="team/app", imageIds=[{"imageTag": "9.9.9"}])
    refused("InvalidParameterException", "imageIds", ecr.describe_images, repositoryName="team/app",
            imageIds=[{"imageTag": "stable"}], maxResults=5)
    # The manifest comes back byte by byte.
    got = ecr.batch_get_image(repositoryName="team/app", imageIds=[
        {"imageTag": "stable"}, {"imageDigest": digest(first)}, {"imageTag": "9.9.9"}, {"imageTag": "stable", "imageDigest": digest(first)},
        {}, {"imageDigest": "sha256:short"}], acceptedMediaTypes=[INDEX, IMAGE])
    assert [one["imageManifest"] for one in got["images"]] == [second, first], got
    assert [one["failureCode"] for one in got["failures"]] == [
        "ImageNotFound", "ImageTagDoesNotMatchDigest", "MissingDigestAndTag", "InvalidImageDigest"], got
    refused("NotModelled", "acceptedMediaTypes", ecr.batch_get_image, repositoryName="team/app",
            imageIds=[{"imageTag": "stable"}], acceptedMediaTypes=[INDEX])


def listings_have_filters_and_pages():
    ecr.create_repository(repositoryName="many")
    for number in range(7):
        put("many", manifest(f"many {number}"), f"1.{number}" if number else None)
    tagged = [(f"1.{number}",) for number in range(1, 7)]
    assert tags("many") == [(), *tagged] and tags("many", filter={"tagStatus": "UNTAGGED"}) == [()]
    assert tags("many", filter={"tagStatus": "TAGGED"}, PaginationConfig={"PageSize": 2}) == tagged
    ids = all_of("list_images", "imageIds", repositoryName="many", filter={"tagStatus": "TAGGED"})
    assert sorted(one["imageTag"] for one in ids) == [tag for tag, in tagged], ids
    assert [one for one in all_of("list_images", "imageIds", repositoryName="many") if "imageTag" not in one]
    page = ecr.describe_images(repositoryName="many", maxResults=1)
    assert len(page["imageDetails"]) == 1 and page["nextToken"]
    refused("InvalidParameterException", "nextToken", ecr.describe_images, repositoryName="many", nextToken="nonsense")
    refused("InvalidParameterException", "maxResults", ecr.describe_images, repositoryName="many", maxResults=1001)
    refused("NotModelled", "ARCHIVED", ecr.describe_images, repositoryName="many", filter={"imageStatus": "ARCHIVED"})
    names = [one["repositoryName"] for one in all_of("describe_repositories", "repositories", PaginationConfig={"PageSize": 1})]
    assert "many" in names and "team/app" in names, names
    refused("RepositoryNotFoundException", "'none'", ecr.describe_repositories, repositoryNames=["many", "none"])


def a_tag_that_cannot_change_stays_with_its_image():
    cfn.create_stack(StackName="frozen", TemplateBody=body(R=repository("frozen", ImageTagMutability="IMMUTABLE")))
    settled("frozen", "CREATE_COMPLETE")
    put("frozen", manifest("a"), "1")
    words = "The image tag '1' already exists in the 'frozen' repository and cannot be overwritten because the tag is immutable."
    refused("ImageTagAlreadyExistsException", words, ecr.put_image,
            repositoryName="frozen", imageManifest=manifest("b"), imageTag="1")
    put("frozen", manifest("b"), "2")
    # The setting is what the stack says now.
    cfn.update_stack(StackName="frozen", TemplateBody=body(R=repository("frozen")))
    settled("frozen", "UPDATE_COMPLETE")
    put("frozen", manifest("c"), "1")
    for pattern, fits, differs in (("*", "a", None), ("v1", "v1", "v12"), ("*-dev", "1-dev", "1-dev2"), ("a*b*c", "a-b-b-c", "a-c"),
                                   ("ab*b", "abb", "ab")):
        name = f"filter-{''.join(letter if letter.isalnum() else 'x' for letter in pattern)}"
        ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=[
            {"filterType": "WILDCARD", "filter": pattern}])
        for tag in filter(None, (fits, differs)):
            put(name, manifest("a"), tag)
        put(name, manifest("b"), fits)
        if differs:
            refused("ImageTagAlreadyExistsException", differs, ecr.put_image,
                    repositoryName=name, imageManifest=manifest("b"), imageTag=differs)
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    for setting, fixed, moves in (("IMMUTABLE_WITH_EXCLUSION", "1", "dev-1"), ("MUTABLE_WITH_EXCLUSION", "dev-1", "1")):
        name = setting.lower()
        made = ecr.create_repository(
            repositoryName=name, imageTagMutability=setting, imageTagMutabilityExclusionFilters=filters)["repository"]
        assert made["imageTagMutabilityExclusionFilters"] == filters, made
        for tag in (fixed, moves):
            put(name, manifest("a"), tag)
        put(name, manifest("b"), moves)
        refused("ImageTagAlreadyExistsException", "immutable", ecr.put_image,
                repositoryName=name, imageManifest=manifest("b"), imageTag=fixed)


def an_index_needs_its_images():
    ecr.create_repository(repositoryName="index")
    parts = [manifest("amd64", 100), manifest("arm64", 300)]
    listed = [{"mediaType": IMAGE, "digest": digest(text), "size": len(text), "platform": {"os": "linux", "architecture": name}}
              for text, name in zip(parts, ("amd64", "arm64"))]
    whole = json.dumps({"schemaVersion": 2, "manifests": listed})
    put("index", parts[0])
    refused("ReferencedImagesNotFoundException", digest(parts[1]), ecr.put_image,
            repositoryName="index", imageManifest=whole, imageManifestMediaType=INDEX)
    put("index", parts[1])
    refused("InvalidParameterException", "mediaType", ecr.put_image, repositoryName="index", imageManifest=whole)
    put("index", whole, "1", imageManifestMediaType=INDEX)
    [row] = ecr.describe_images(repositoryName="index", imageIds=[{"imageTag": "1"}])["imageDetails"]
    assert row["imageManifestMediaType"] == INDEX and row["imageSizeInBytes"] == 310, row
    # What an index lists stays as long as the index.
    gone = ecr.batch_delete_image(repositoryName="index", imageIds=[{"imageDigest": digest(parts[0])}])
    assert [one["failureCode"] for one in gone["failures"]] == ["ImageReferencedByManifestList"], gone
    gone = ecr.batch_delete_image(repositoryName="index", imageIds=[{"imageTag": "1"}, {"imageDigest": digest(parts[0])}])
    assert gone["imageIds"] == [{"imageDigest": digest(whole), "imageTag": "1"}, {"imageDigest": digest(parts[0])}], gone


def people_push_too():
    ecr.create_repository(repositoryName="hand")
    own = manifest("own")
    assert push(repository="hand", tag="own", manifest=own, digest=digest(own)) == digest(own)
    made = push(repository="hand", tag="made", pushed="2020-05-05T00:00:00Z")
    [row] = ecr.describe_images(repositoryName="hand", imageIds=[{"imageTag": "made"}])["imageDetails"]
    assert row["imageDigest"] == made and row["imagePushedAt"].year == 2020, row
    several = push(repository="hand", tag="several", platforms=["linux/amd64", "linux/arm64"])
    images = ecr.batch_get_image(repositoryName="hand", imageIds=[{"imageTag": "made"}, {"imageTag": "several"}])["images"]
    assert [digest(one["imageManifest"]) for one in images] == [made, several], images
    listed = json.loads(images[1]["imageManifest"])["manifests"]
    assert [one["platform"]["architecture"] for one in listed] == ["amd64", "arm64"], listed
    assert not ecr.batch_get_image(repositoryName="hand", imageIds=[{"imageDigest": one["digest"]} for one in listed])["failures"]
    not_pushed("does not exist in the registry", repository="none", tag="1")
    not_pushed("a `digest` is that of a `manifest`", repository="hand", tag="1", digest=digest("x"))
    not_pushed("does not match", repository="hand", tag="1", manifest=own, digest=digest("x"))
    for platform in ("linux", "linux/", "/arm64", "a/b/c/d", ""):
        not_pushed("not a platform", repository="hand", tag="1", platforms=[platform])
    not_pushed("must not be in the future", repository="hand", tag="1", pushed="2999-01-01T00:00:00Z")
    not_pushed("unknown field `tags`", repository="hand", tags="1")


def a_repository_goes_with_its_stack_unless_it_has_images():
    cfn.create_stack(StackName="full", TemplateBody=body(R=repository()))
    settled("full", "CREATE_COMPLETE")
    name = cfn.describe_stack_resource(StackName="full", LogicalResourceId="R")["StackResourceDetail"]["PhysicalResourceId"]
    assert name == name.lower() and name.startswith("full-r-"), name
    put(name, manifest("a"), "1")
    identity = account.stack("full")["StackId"]
    cfn.delete_stack(StackName="full")
    settled(identity, "DELETE_FAILED")
    words = f"The repository with name '{name}' in registry with id '111111111111' cannot be deleted because it still contains images"
    assert any(words in reason for reason in account.reasons(identity)), account.reasons(identity)
    refused("RepositoryNotEmptyException", words, ecr.delete_repository, repositoryName=name)
    assert not ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "1"}])["failures"]
    cfn.delete_stack(StackName="full")
    settled(identity, "DELETE_COMPLETE")
    refused("RepositoryNotFoundException", name, ecr.describe_images, repositoryName=name)
    cfn.create_stack(StackName="empties", TemplateBody=body(R=repository("empties", EmptyOnDelete=True)))
    settled("empties", "CREATE_COMPLETE")
    put("empties", manifest("a"), "1")
    identity = account.stack("empties")["StackId"]
    cfn.delete_stack(StackName="empties")
    settled(identity, "DELETE_COMPLETE")
    # Somebody deletes the repository of a stack, and makes another one in its place.
    cfn.create_stack(StackName="swapped", TemplateBody=body(R=repository("swapped", ImageTagMutability="IMMUTABLE")))
    settled("swapped", "CREATE_COMPLETE")
    put("swapped", manifest("a"), "1")
    assert ecr.delete_repository(repositoryName="swapped", force=True)["repository"]["imageTagMutability"] == "IMMUTABLE"
    refused("RepositoryNotFoundException", "swapped", ecr.list_images, repositoryName="swapped")
    ecr.create_repository(repositoryName="swapped")
    put("swapped", manifest("a"), "1")
    put("swapped", manifest("b"), "1")
    account.detected("swapped")
    drifts = cfn.describe_stack_resource_drifts(StackName="swapped")["StackResourceDrifts"]
    assert [drift["StackResourceDriftStatus"] for drift in drifts] == ["MODIFIED"], drifts
    # A name is free again, without the images that it had.
    ecr.create_repository(repositoryName="empties")
    assert tags("empties") == []
    assert ecr.delete_repository(repositoryName="empties")["repository"]["repositoryName"] == "empties"
    refused("RepositoryNotFoundException", "empties", ecr.delete_repository, repositoryName="empties")


def another_registry_needs_a_policy():
    other = account.Account("222222222222").client("ecr")
    refused("AccessDeniedException", "no resource-based policy allows the ecr:DescribeImages action",
            other.describe_images, registryId="111111111111", repositoryName="team/app")
    refused("RepositoryNotFoundException", "111111111111", other.describe_images, registryId="111111111111", repositoryName="none")
    refused("RepositoryNotFoundException", "222222222222", other.describe_images, repositoryName="team/app")
    # A right that is missing is ECR's.
    fault(fault="call", operation="DescribeImages", effect="deny")
    refused("AccessDeniedException", "ecr:DescribeImages", ecr.describe_images, repositoryName="team/app")


def service(image):
    return body(
        Task={"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": "pulls", "ContainerDefinitions": [{"Name": "app", "Image": image, "Memory": 128}]}},
        Service={"Type": "AWS::ECS::Service", "Properties": {
            "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1,
            "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}}})


def run(image):
    """How a task ends that is run once with this image."""
    definition = ecs.register_task_definition(
        family="once", containerDefinitions=[{"name": "app", "image": image, "memory": 128}])["taskDefinition"]
    task = ecs.run_task(cluster="main", taskDefinition=definition["taskDefinitionArn"])["tasks"][0]["taskArn"]

    def ended():
        found = ecs.describe_tasks(cluster="main", tasks=[task])["tasks"][0]
        return found if found["lastStatus"] == "STOPPED" else None
    return wait(ended, "the end of a task")["stoppedReason"]


def tasks_find_what_was_pushed():
    ecr.create_repository(repositoryName="web")
    one = push(repository="web", tag="1")
    reason = run(f"{HOST}/web:2")
    assert reason.startswith("CannotPullContainerError: ") and f"{HOST}/web:2: not found" in reason, reason
    assert "exited" in run(f"{HOST}/web:1") and "exited" in run(f"{HOST}/web@{one}")
    assert "CannotPullContainerError" in run(f"{HOST}/web@{digest('other')}")
    assert "CannotPullContainerError" in run(f"{HOST}/web") and "exited" in run(f"{HOST}/unknown:2")
    cfn.create_stack(StackName="pulls", TemplateBody=service(f"{HOST}/web:1"))
    settled("pulls", "CREATE_COMPLETE")
    arn = cfn.describe_stack_resource(StackName="pulls", LogicalResourceId="Service")["StackResourceDetail"]["PhysicalResourceId"]
    cfn.update_stack(StackName="pulls", TemplateBody=service(f"{HOST}/web:2"))
    settled("pulls", "UPDATE_ROLLBACK_COMPLETE")
    # The service says which image its tag meant.
    listed = ecs.list_service_deployments(cluster="main", service=arn)["serviceDeployments"]
    revisions = ecs.describe_service_revisions(serviceRevisionArns=[one["targetServiceRevisionArn"] for one in listed])
    digests = {image["image"]: image.get("imageDigest") for one in revisions["serviceRevisions"] for image in one["containerImages"]}
    assert digests == {f"{HOST}/web:1": one, f"{HOST}/web:2": None}, digests
    # A service starts as soon as its image is there.
    cfn.create_stack(StackName="waits", TemplateBody=service(f"{HOST}/web:3").replace('"Enable": true', '"Enable": false')
                     .replace('"Rollback": true', '"Rollback": false'))
    wait(lambda: any("has stopped" in event["message"] for event in events_of("waits")), "a task without its image")
    push(repository="web", tag="3")
    settled("waits", "CREATE_COMPLETE")


def events_of(stack):
    found = cfn.describe_stack_resources(StackName=stack)["StackResources"]
    arns = [one["PhysicalResourceId"] for one in found if one["LogicalResourceId"] == "Service" and one.get("PhysicalResourceId")]
    return ecs.describe_services(cluster="main", services=arns)["services"][0]["events"] if arns else []


what_was_pushed_is_there()
listings_have_filters_and_pages()
a_tag_that_cannot_change_stays_with_its_image()
an_index_needs_its_images()
people_push_too()
a_repository_goes_with_its_stack_unless_it_has_images()
another_registry_needs_a_policy()
tasks_find_what_was_pushed()
clear()
