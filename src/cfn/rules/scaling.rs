//! Rules over application auto scaling.

use super::schedule::{why, zone};
use super::seen::Seen;
use super::{Fault, Judge, Rule};

const REGISTER: &str = "API reference of Application Auto Scaling, RegisterScalableTarget";
const QUERY: &str =
    "API reference of Application Auto Scaling, CustomizedMetricSpecification, TargetTrackingMetricDataQuery";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "scaling-bounds", source: REGISTER, edition: 1, run: bounds },
    Rule { name: "scaling-dimension", source: REGISTER, edition: 1, run: dimension },
    Rule {
        name: "scaling-policy",
        source: "API reference of Application Auto Scaling, PutScalingPolicy",
        edition: 1,
        run: policy,
    },
    Rule {
        name: "scaling-metric",
        source: "API reference of Application Auto Scaling, TargetTrackingScalingPolicyConfiguration",
        edition: 2,
        run: metric,
    },
    Rule {
        name: "scaling-schedule",
        source: "API reference of Application Auto Scaling, PutScheduledAction",
        edition: 2,
        run: schedule,
    },
    Rule { name: "scaling-metrics", source: QUERY, edition: 3, run: metrics },
    Rule {
        name: "scaling-steps",
        source: "Application Auto Scaling user guide, Step adjustments",
        edition: 3,
        run: steps,
    },
    Rule { name: "alarm-period", source: "API reference of CloudWatch, PutMetricAlarm", edition: 3, run: period },
];

const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
const POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";

/// An alarm whose period is shorter than an hour looks at a day at most, any other at a week (CloudWatch API reference,
/// `PutMetricAlarm`).
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

fn bounds(judge: &mut Judge<'_>) {
    judge.each(TARGET, |_, target, out| {
        let (least, most) = (target.get("MinCapacity"), target.get("MaxCapacity"));
        if let (Some(min), Some(max)) = (least.number(), most.number())
            && min > max
        {
            let aws = "Maximum capacity cannot be less than minimum capacity";
            out(Fault::at(least.pointer, format!("`MinCapacity` ({min}) is above `MaxCapacity` ({max})"), aws));
        }
    });
}

fn dimension(judge: &mut Judge<'_>) {
    judge.each(TARGET, |_, target, out| {
        let (space, dimension) = (target.get("ServiceNamespace"), target.get("ScalableDimension"));
        if let (Some(space), Some(text)) = (space.text(), dimension.text())
            && text.split(':').next().is_some_and(|begin| begin != space)
        {
            let aws = format!("Unsupported service namespace, resource type or scalable dimension: {space}, {text}");
            out(Fault::at(dimension.pointer, format!("`{text}` is not a dimension of `{space}`"), aws));
        }
    });
}

fn policy(judge: &mut Judge<'_>) {
    judge.each(POLICY, |_, policy, out| {
        let kind = policy.get("PolicyType");
        let (tracking, step) =
            (policy.get("TargetTrackingScalingPolicyConfiguration"), policy.get("StepScalingPolicyConfiguration"));
        let missing = match kind.text().as_deref() {
            Some("TargetTrackingScaling") => tracking.clone(),
            Some("StepScaling") => step,
            _ => return,
        };
        if missing.is_missing() {
            let aws = "The configuration of the scaling policy does not match its type.";
            out(Fault::at(missing.pointer, "the policy lacks the configuration of its type", aws));
            return;
        }
        let metric = tracking.get("PredefinedMetricSpecification");
        let label = metric.get("ResourceLabel");
        if metric.get("PredefinedMetricType").is("ALBRequestCountPerTarget") && label.is_missing() {
            let aws = "You must specify a ResourceLabel for the predefined metric ALBRequestCountPerTarget.";
            let title = "the metric `ALBRequestCountPerTarget` needs the `ResourceLabel` of its target group";
            out(Fault::at(label.pointer, title, aws));
        }
    });
}

fn metric(judge: &mut Judge<'_>) {
    judge.each(POLICY, |_, policy, out| {
        let tracking = policy.get("TargetTrackingScalingPolicyConfiguration");
        if !tracking.is_there() {
            return;
        }
        let value = tracking.get("TargetValue");
        if let Some(number) = value.number().filter(|number| *number <= 0.0) {
            let aws = "TargetValue must be greater than 0";
            out(Fault::at(value.pointer, format!("a metric cannot be kept at {number}"), aws));
        }
        let (given, own) =
            (tracking.get("PredefinedMetricSpecification"), tracking.get("CustomizedMetricSpecification"));
        if given.is_there() && own.is_there() {
            let aws = "You must specify either a predefined metric or a customized metric, not both";
            out(Fault::at(own.pointer, "a policy follows one metric: a predefined or a customized one", aws));
        } else if given.is_missing() && own.is_missing() {
            let aws = "You must specify a predefined metric or a customized metric";
            out(Fault::at(given.pointer, "a policy needs the metric that it follows", aws));
        }
    });
}

fn schedule(judge: &mut Judge<'_>) {
    judge.each(TARGET, |_, target, out| {
        for action in target.get("ScheduledActions").each() {
            let schedule = action.get("Schedule");
            if let Some(why) = schedule.text().and_then(|text| why(&text)) {
                out(Fault::at(schedule.pointer, why, "The schedule expression is not valid"));
            }
            zone(&action.get("Timezone"), out);
            let (least, most) = (
                action.at(&["ScalableTargetAction", "MinCapacity"]),
                action.at(&["ScalableTargetAction", "MaxCapacity"]),
            );
            if let (Some(min), Some(max)) = (least.number(), most.number())
                && min > max
            {
                let aws = "Maximum capacity cannot be less than minimum capacity";
                out(Fault::at(least.pointer, format!("`MinCapacity` ({min}) is above `MaxCapacity` ({max})"), aws));
            }
        }
    });
}

fn metrics(judge: &mut Judge<'_>) {
    judge.each(POLICY, |_, policy, out| {
        let own = policy.at(&["TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification"]);
        if !own.is_there() {
            return;
        }
        let all = own.get("Metrics");
        let alone = ["MetricName", "Namespace", "Statistic", "Unit", "Dimensions"].map(|key| own.get(key));
        if all.is_there() {
            if let Some(one) = alone.into_iter().find(Seen::is_there) {
                let aws = "You cannot specify both Metrics and the properties of a single metric.";
                out(Fault::at(
                    one.pointer,
                    "a policy follows one metric or an expression over `Metrics`, not both",
                    aws,
                ));
            }
            queries(&all, out);
        } else if all.is_missing()
            && let Some(lacks) = alone.into_iter().take(3).find(Seen::is_missing)
        {
            let aws = "You must specify MetricName, Namespace and Statistic, or Metrics.";
            let title = "a customized metric needs `Namespace`, `MetricName` and `Statistic`, or `Metrics`";
            out(Fault::at(lacks.pointer, title, aws));
        }
    });
}

/// Each query is an expression or a metric, and one of them is followed.
fn queries(all: &Seen<'_>, out: &mut dyn FnMut(Fault)) {
    for query in all.each() {
        let (expression, metric) = (query.get("Expression"), query.get("MetricStat"));
        if expression.is_there() && metric.is_there() || expression.is_missing() && metric.is_missing() {
            let aws = "You must specify either Expression or MetricStat, but not both.";
            let title = "each of `Metrics` has either `Expression` or `MetricStat`";
            out(Fault::at(query.get("Id").pointer, title, aws));
        }
        let id = query.get("Id");
        let is_id = |text: &String| {
            text.starts_with(|first: char| first.is_ascii_lowercase())
                && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        };
        if let Some(text) = id.text().filter(|text| !is_id(text)) {
            let aws = format!("Invalid metric id {text}.");
            let title = format!("`{text}` must begin with a lower-case letter and have only letters, digits and `_`");
            out(Fault::at(id.pointer, title, aws));
        }
    }
    let Some(known) = all.items() else { return };
    let returned: Vec<Seen<'_>> = known.iter().map(|query| query.get("ReturnData")).collect();
    let decided = returned.iter().all(|returns| returns.is_missing() || returns.text().is_some());
    let of = |returns: &Seen<'_>| returns.is_missing() || returns.is("true");
    if decided && returned.iter().filter(|returns| of(returns)).count() != 1 {
        let aws = "Exactly one metric must have ReturnData set to true.";
        let title = "exactly one of `Metrics` may return its data: set `ReturnData` of the others to false";
        out(Fault::at(all.pointer.clone(), title, aws));
    }
}

fn steps(judge: &mut Judge<'_>) {
    judge.each(POLICY, |_, policy, out| {
        let steps = policy.get("StepScalingPolicyConfiguration");
        let all = steps.get("StepAdjustments");
        let Some(items) = all.items().filter(|_| steps.is_there()) else { return };
        let bound = |of: &Seen<'_>, key: &'static str, without: f64| {
            let bound = of.get(key);
            if bound.is_missing() { Some(without) } else { bound.number() }
        };
        let ranges = items.iter().map(|step| {
            Some((
                bound(step, "MetricIntervalLowerBound", f64::NEG_INFINITY)?,
                bound(step, "MetricIntervalUpperBound", f64::INFINITY)?,
            ))
        });
        let Some(ranges) = ranges.collect::<Option<Vec<(f64, f64)>>>() else { return };
        if let Some(why) = misfit(ranges) {
            out(Fault::at(all.pointer, why, "The step adjustments are not valid."));
        }
    });
}

/// Ranges follow each other, and have an end only if nothing is beyond it.
fn misfit(mut ranges: Vec<(f64, f64)>) -> Option<&'static str> {
    if ranges.is_empty() {
        return Some("a policy that scales in steps needs a step adjustment");
    }
    if ranges.iter().any(|(lower, upper)| lower.is_infinite() && upper.is_infinite()) {
        return Some("each step adjustment needs a bound: a lower bound of 0 means from the threshold upwards");
    }
    ranges.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    if ranges.iter().any(|(lower, upper)| lower >= upper) {
        return Some("the lower bound of a step adjustment must be below its upper bound");
    }
    if ranges.windows(2).any(|pair| matches!(pair, [(_, upper), (lower, _)] if upper != lower)) {
        return Some("step adjustments overlap or leave a gap: each must begin where the one before it ends");
    }
    if ranges.first().is_some_and(|(lower, _)| *lower < 0.0 && lower.is_finite()) {
        return Some("with a negative lower bound, the lowest step adjustment must have no lower bound");
    }
    let beyond = ranges.last().is_some_and(|(_, upper)| *upper > 0.0 && upper.is_finite());
    beyond.then_some("with a positive upper bound, the highest step adjustment must have no upper bound")
}

fn period(judge: &mut Judge<'_>) {
    judge.each("AWS::CloudWatch::Alarm", |_, alarm, out| {
        let period = alarm.get("Period");
        let Some(seconds) = period.number() else { return };
        if ![10.0, 20.0, 30.0].contains(&seconds) && (seconds <= 0.0 || seconds % 60.0 != 0.0) {
            let aws = "Period must be 10, 20, 30 or a multiple of 60.";
            out(Fault::at(period.pointer, "`Period` must be 10, 20, 30 or a multiple of 60", aws));
            return;
        }
        let Some(times) = alarm.get("EvaluationPeriods").number() else { return };
        let (looked, longest) = (seconds * times, if seconds < HOUR { DAY } else { 7.0 * DAY });
        if looked > longest {
            let aws = format!("Metrics cannot be checked across more than {longest} seconds (EvaluationPeriods * Period).");
            let title = format!(
                "`Period` times `EvaluationPeriods` is {looked} seconds, and an alarm can look at no more than {longest}"
            );
            out(Fault::at(period.pointer, title, aws));
        }
    });
}
