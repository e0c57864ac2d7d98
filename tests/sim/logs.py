"""CloudWatch Logs: pages of a stream, a search in all streams of a group, and listings. With boto3."""

import json

from account import ONE, cfn, ecs, fault, clear, settled, wait
from answers import refused

logs = ONE.client("logs")
ARN = "arn:aws:logs:eu-west-1:111111111111:log-group:"


def definition(image, prefix):
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": prefix, "ContainerDefinitions": [
        {"Name": "app", "Image": image, "Memory": 128, "LogConfiguration": {"LogDriver": "awslogs", "Options": {
            "awslogs-group": {"Ref": "Logs"}, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": prefix}}}]}}


def create(name, days=30):
    template = {"Resources": {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/shop/{name}", "RetentionInDays": days}},
        "First": definition("first:1", "first"), "Second": definition("second:1", "second")}}
    cfn.create_stack(StackName=name, TemplateBody=json.dumps(template))
    settled(name, "CREATE_COMPLETE")


def run(family):
    """The stream of a task that ran once."""
    task = ecs.run_task(cluster="main", taskDefinition=family)["tasks"][0]["taskArn"]
    wait(lambda: ecs.describe_tasks(cluster="main", tasks=[task])["tasks"][0]["lastStatus"] == "STOPPED", "the end of a task")
    return f"{family.split(':')[0]}/app/{task.rsplit('/', 1)[1]}"


def search(**more):
    events = logs.get_paginator("filter_log_events").paginate(logGroupName="/shop/web", **more).build_full_result()["events"]
    assert len({event["eventId"] for event in events}) == len(events), events
    return [event["message"] for event in events]


def a_group_is_searched_in_the_order_of_time():
    events = logs.get_paginator("filter_log_events").paginate(logGroupName="/shop/web", interleaved=True).build_full_result()["events"]
    assert [event["message"] for event in events] == FIRST + SECOND + FIRST, events
    assert [event["logStreamName"] for event in events] == [ONCE] * 4 + [OTHER] * 2 + [AGAIN] * 4, events
    assert search(logStreamNamePrefix="first/") == FIRST + FIRST and search(logStreamNames=[OTHER]) == SECOND
    assert search(filterPattern="ERROR") == [FIRST[1], SECOND[0], FIRST[1]]
    assert search(filterPattern="ERROR -timeout") == [SECOND[0]] and search(filterPattern='"a b" ') == [FIRST[3]] * 2
    assert search(filterPattern="error") == [] and search(filterPattern="ERROR second") == [SECOND[0]]
    assert search(filterPattern=r'"\"x\""') == [] and search(filterPattern='-"a b"') == FIRST[:3] + SECOND + FIRST[:3]
    assert search(filterPattern="?started ?second") == [FIRST[0], SECOND[0], FIRST[0]]
    middle = next(event["timestamp"] for event in events if event["logStreamName"] == OTHER)
    # Both ends count.
    assert search(startTime=middle) == SECOND + FIRST and search(startTime=middle, endTime=middle) == SECOND
    assert search(endTime=middle - 1) == FIRST and search(endTime=middle) == FIRST + SECOND
    page = logs.filter_log_events(logGroupName="/shop/web", limit=2)
    assert [event["message"] for event in page["events"]] == FIRST[:2] and page["searchedLogStreams"] == [], page
    page = logs.filter_log_events(logGroupName="/shop/web", limit=2, nextToken=page["nextToken"])
    assert [event["message"] for event in page["events"]] == FIRST[2:], page
    assert logs.filter_log_events(logGroupIdentifier=ARN + "/shop/web", logStreamNames=[OTHER])["events"]
    for code, part, arguments in (
        ("ResourceNotFoundException", "log group", {"logGroupName": "none"}),
        ("ResourceNotFoundException", "log stream", {"logStreamNames": [OTHER, "none"]}),
        ("InvalidParameterException", "both", {"logStreamNames": [OTHER], "logStreamNamePrefix": "first"}),
        ("InvalidParameterException", "both", {"logGroupIdentifier": "/shop/web"}),
        ("InvalidParameterException", "nextToken", {"nextToken": "nonsense"}),
        ("InvalidParameterException", "Invalid character(s) in term 'a-b'", {"filterPattern": "a-b"}),
        ("InvalidParameterException", "limit", {"limit": 10001}),
        ("InvalidParameterException", "quote", {"filterPattern": '"open'}),
        ("InvalidParameterException", "term ''", {"filterPattern": "-"}),
        ("NotModelled", "JSON", {"filterPattern": "{ $.level = 1 }"}),
        ("NotModelled", "columns", {"filterPattern": "[a, b]"}),
        ("NotModelled", "regular expressions", {"filterPattern": "%a.*%"}),
        ("NotModelled", "mix", {"filterPattern": "?a b"}),
        ("NotModelled", "startFromHead", {"startFromHead": False}),
    ):
        refused(code, part, logs.filter_log_events, **({"logGroupName": "/shop/web"} | arguments))


def a_stream_has_pages_in_both_directions():
    def get(**more):
        page = logs.get_log_events(logGroupName="/shop/web", logStreamName=ONCE, **more)
        return [event["message"] for event in page["events"]], page["nextForwardToken"], page["nextBackwardToken"]
    assert get()[0] == FIRST and get(limit=1)[0] == FIRST[3:] and get(limit=1, startFromHead=True)[0] == FIRST[:1]
    lines, forward, _ = get(limit=3, startFromHead=True)
    assert lines == FIRST[:3]
    lines, forward, backward = get(nextToken=forward)
    assert lines == FIRST[3:]
    assert get(nextToken=forward) == ([], forward, "b" + forward[1:]), "the end has the same token"
    lines, _, backward = get(nextToken=backward, limit=2)
    assert lines == FIRST[1:3]
    assert get(nextToken=backward)[0] == FIRST[:1]
    at = logs.get_log_events(logGroupName="/shop/web", logStreamName=ONCE)["events"][0]["timestamp"]
    # Here the end does not count.
    assert get(startTime=at)[0] == FIRST and get(endTime=at)[0] == [] and get(startTime=at, endTime=at + 1)[0] == FIRST
    refused("InvalidParameterException", "nextToken", logs.get_log_events, logGroupName="/shop/web", logStreamName=ONCE, nextToken="x")
    refused("ResourceNotFoundException", "log stream", logs.get_log_events, logGroupName="/shop/web", logStreamName="none")


def groups_and_streams_are_listed():
    def streams(**more):
        pages = logs.get_paginator("describe_log_streams").paginate(logGroupName="/shop/web", **more)
        return [row["logStreamName"] for row in pages.build_full_result()["logStreams"]]
    assert streams() == sorted([ONCE, OTHER, AGAIN]) and streams(descending=True) == sorted([ONCE, OTHER, AGAIN])[::-1]
    assert streams(orderBy="LastEventTime", PaginationConfig={"PageSize": 1}) == [ONCE, OTHER, AGAIN]
    assert streams(logStreamNamePrefix="second") == [OTHER]
    [row] = logs.describe_log_streams(logGroupName="/shop/web", logStreamNamePrefix="second")["logStreams"]
    assert row["arn"] == f"{ARN}/shop/web:log-stream:{OTHER}" and row["firstEventTimestamp"] == row["lastEventTimestamp"], row
    refused("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.", logs.describe_log_streams,
            logGroupName="/shop/web", logStreamNamePrefix="second", orderBy="LastEventTime")

    def groups(**more):
        return logs.get_paginator("describe_log_groups").paginate(**more).build_full_result()["logGroups"]
    assert [row["logGroupName"] for row in groups(PaginationConfig={"PageSize": 1})] == ["/shop/jobs", "/shop/web"]
    assert [row["logGroupName"] for row in groups(logGroupNamePrefix="/shop/w")] == ["/shop/web"]
    [row] = groups(logGroupNamePattern="JOBS")
    assert row["retentionInDays"] == 7 and row["arn"] == ARN + "/shop/jobs:*" and row["logGroupArn"] == ARN + "/shop/jobs", row
    assert row["storedBytes"] == 0 and groups(logGroupNamePattern="web")[0]["storedBytes"] > 100
    # A name is free once its stack is gone, without the streams that it had.
    for stack in ("web", "jobs"):
        identity = cfn.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
        cfn.delete_stack(StackName=stack)
        settled(identity, "DELETE_COMPLETE")
    assert groups() == []
    create("web")
    assert streams() == []


create("web")
create("jobs", 7)
FIRST = ["started", "ERROR timeout", "ok", "a b c"]
SECOND = ["ERROR second", "done"]
fault(fault="image-says", image="first:1", lines=FIRST)
fault(fault="image-says", image="second:1", lines=SECOND)
# One family is used by two stacks: its newest revision writes to /shop/jobs, the first to /shop/web.
ONCE = run("first:1")
OTHER = run("second:1")
AGAIN = run("first:1")
a_group_is_searched_in_the_order_of_time()
a_stream_has_pages_in_both_directions()
groups_and_streams_are_listed()
clear()
