//! Rules over application auto scaling.

use super::schedule::zone;
use super::{Fault, Judge, Rule};
use crate::terms::expression;

const REGISTER: &str = "API reference of Application Auto Scaling, RegisterScalableTarget";

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
];

const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
const POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";

fn bounds(judge: &mut Judge<'_>) {
    judge.each(TARGET, |_, target, out| {
        let (least, most) = (target.get("MinCapacity"), target.get("MaxCapacity"));
        if let (Some(min), Some(max)) = (least.number(), most.number())
            && min > max
        {
            let aws = "Maximum capacity cannot be less than minimum capacity";
            out(Fault::at(most.pointer, format!("the most, {max}, is less than the least, {min}"), aws));
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
            if let Some(why) = schedule.text().and_then(|text| expression::read(&text).err()) {
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
                out(Fault::at(most.pointer, format!("the most, {max}, is less than the least, {min}"), aws));
            }
        }
    });
}
