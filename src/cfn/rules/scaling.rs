//! Rules over application auto scaling.

use super::{Fault, Judge, Rule};

const REGISTER: &str = "API reference of Application Auto Scaling, RegisterScalableTarget";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "scaling-bounds", source: REGISTER, run: bounds },
    Rule { name: "scaling-dimension", source: REGISTER, run: dimension },
    Rule { name: "scaling-policy", source: "API reference of Application Auto Scaling, PutScalingPolicy", run: policy },
];

const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";

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
    judge.each("AWS::ApplicationAutoScaling::ScalingPolicy", |_, policy, out| {
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
