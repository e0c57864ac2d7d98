//! What a step cannot say of schedules, with what is reported.

use super::steps::refused;

#[test]
fn schedules_that_cannot_be_are_refused() {
    let schedule = |lines: &str| format!("kind = \"ecs-schedule\"\n{lines}");
    for (expression, words) in [
        ("every day", "is not a schedule: write `cron(…)`, `rate(…)` or `at(…)`"),
        ("rate(0 minutes)", "`rate` takes a whole number and minutes, hours or days"),
        ("rate(5 weeks)", "`rate` takes a whole number and minutes, hours or days"),
        ("at(2026-12-24 18:00)", "`at` takes a day and a time without a zone"),
        ("at(2026-02-30T18:00:00)", "`at` takes a day and a time without a zone"),
        (
            "cron(0 7 * * *)",
            "`cron` takes six fields (minutes, hours, day of month, month, day of week, year), and this has 5",
        ),
        ("cron(0 7 * * MON *)", "in a `cron`, exactly one of day of month and day of week must be `?`"),
        ("cron(0 7 ? * ? *)", "in a `cron`, exactly one of day of month and day of week must be `?`"),
        ("cron(60 7 ? * MON *)", "`60` is not allowed for minutes in a `cron`: use 0 to 59"),
        ("cron(0 24 ? * MON *)", "`24` is not allowed for hours in a `cron`: use 0 to 23"),
        ("cron(0 7 32 * ? *)", "`32` is not allowed for day of month in a `cron`"),
        ("cron(0 7 1 FOO ? *)", "`FOO` is not allowed for month in a `cron`"),
        ("cron(0 7 ? * 2#6 *)", "`2#6` is not allowed for day of week in a `cron`"),
        ("cron(0 7 ? * MON 1969)", "`1969` is not allowed for year in a `cron`"),
        ("cron(0/0 7 ? * MON *)", "`0/0` is not allowed for minutes in a `cron`"),
    ] {
        refused(&schedule(&format!("schedule = \"{expression}\"")), "", &[words]);
    }
    for fine in [
        "cron(0 7 ? * MON-FRI *)",
        "cron(0/15 8-17 1,15 * ? 2026-2030)",
        "cron(0 0 L JAN,jul ? *)",
        "cron(0 0 15W * ? *)",
        "cron(5 5 ? 1/3 6#3 *)",
        "cron(5 5 ? * 6L *)",
        "rate(1 hour)",
        "at(2026-12-24T18:00:00)",
    ] {
        refused(&schedule(&format!("schedule = \"{fine}\"")), "", &[]);
    }
    // It is known once the slot's values are filled in.
    refused(
        &schedule("schedule = \"#{level}\""),
        "",
        &["`info` is not a schedule: write `cron(…)`, `rate(…)` or `at(…)`"],
    );
    let rate = "schedule = \"rate(1 hour)\"\n";
    for (lines, words) in [
        ("desired_count = 2", "unknown key `desired_count`"),
        ("propagate_tags = \"service\"", "unknown key `propagate_tags`"),
        ("task_count = 11", "expected 1 to 10"),
        ("input = \"nope\"", "ECS could not start tasks with this `input`: it is not JSON"),
        ("input = \"[]\"", "it is not a JSON object"),
        ("input = '[\"##{level}\"]'", "it is not a JSON object"),
        ("input = '{\"containerOverrides\":[{\"name\":\"ap\"}]}'", "the step has no container `ap`: it has `app`"),
        (
            "input = '{\"containerOverrides\":[{}]}'",
            "each of `containerOverrides` needs the `name` of a container: `app`",
        ),
        (
            "[[step.additional_schedules]]\nname = \"a-b\"\nschedule = \"rate(1 day)\"",
            "the name of a schedule may contain only letters and digits",
        ),
        ("[[step.additional_schedules]]\nname = \"Role\"\nschedule = \"rate(1 day)\"", "this name is taken"),
        (
            "[[step.additional_schedules]]\nname = \"Two\"\nschedule = \"rate(1 dya)\"",
            "`rate(1 dya)` is not a schedule",
        ),
        ("time_zone = \"Europe/Berln\"", "`Europe/Berln` is not a time zone"),
        ("start_date = \"2026-12-01\"", "`2026-12-01` is not a time in UTC"),
        ("start_date = \"2026-12-01T00:00:00+01:00\"", "is not a time in UTC"),
        (
            "start_date = \"2026-12-01T00:00:00Z\"\nend_date = \"2026-12-01T00:00:00Z\"",
            "the schedule ends before it begins",
        ),
        (
            "dead_letter_config = { arn = \"arn:aws:sqs:eu-west-1:111111111111:m.fifo\" }",
            "EventBridge Scheduler cannot write to FIFO queues",
        ),
        ("dead_letter_config = { arn = \"arn:aws:sns:eu-west-1:111111111111:m\" }", "is not the ARN of a queue"),
        ("schedule_role = \"arn:aws:iam::111111111111:user/me\"", "is not the ARN of a role"),
        (
            "capacity_provider_strategy = [{ capacity_provider = \"FARGATE\", weight = 1 }, { capacity_provider = \"#{level}\" }, \
             { capacity_provider = \"#{level}\" }, { capacity_provider = \"#{level}\" }, { capacity_provider = \"#{level}\" }, \
             { capacity_provider = \"#{level}\" }, { capacity_provider = \"#{level}\" }]",
            "the number of items is 7, and must be at most 6",
        ),
    ] {
        refused(&schedule(&format!("{rate}{lines}")), "", &[words]);
    }
    refused(
        &schedule("schedule = \"at(2026-12-24T18:00:00)\"\nend_date = \"2027-01-01T00:00:00Z\""),
        "",
        &["remove this date: with `at`, EventBridge Scheduler ignores it"],
    );
    refused(
        &schedule(&format!("{rate}volume = [{{ name = \"data\", managed_ebs_volume = {{ size_in_gib = 10 }} }}]")),
        "",
        &["EventBridge Scheduler cannot start tasks with EBS volumes"],
    );
}
