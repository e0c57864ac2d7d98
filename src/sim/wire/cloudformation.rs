//! CloudFormation's operations over the query protocol.

use std::collections::BTreeMap;

use super::caller::Caller;
use super::query::{Params, Xml, page, wrap};
use super::{events, hooks, imports, parameters, show};
use crate::model::StackStatus;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::stack::{Monitoring, Stack};
use crate::sim::world::template::{Template, check_inline};
use crate::sim::world::{ChangeSetInput, StackInput, StackOptions, World, is_released};

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

pub(super) fn call(
    world: &mut World,
    caller: &Caller,
    host: Option<&str>,
    action: &str,
    params: &Params,
    request_id: &str,
) -> Answer<String> {
    parameters::check("CloudFormation", action, params)?;
    let mut xml = Xml::default();
    let request = Request { caller, host, params };
    if !request.change(world, action, &mut xml)? {
        request.read(world, action, &mut xml)?;
    }
    let result = xml.finish();
    Ok(wrap(NAMESPACE, action, request_id, |xml| xml.raw(&result)))
}

struct Request<'a> {
    caller: &'a Caller,
    host: Option<&'a str>,
    params: &'a Params,
}

impl Request<'_> {
    /// The template, from the call or from a bucket; none if there is neither.
    fn template(&self, world: &mut World) -> Answer<Option<String>> {
        let (body, url) = (self.params.text("TemplateBody"), self.params.text("TemplateURL"));
        if self.params.flag("UsePreviousTemplate") == Some(true) && (body.is_some() || url.is_some()) {
            return Err(ApiError::validation("You cannot specify both usePreviousTemplate and a template."));
        }
        match (body, url) {
            (Some(_), Some(_)) => {
                Err(ApiError::validation("You cannot specify both a Template URL and a Template Body."))
            }
            (Some(body), None) => check_inline(&body).map(|()| Some(body)),
            (None, Some(url)) => world.template_at(&self.caller.place, &url, self.host).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// `RollbackConfiguration`; none if the request does not say it. Triggers that it does not say stay. \[api\]
    fn monitoring(&self, world: &World) -> Answer<Option<Monitoring>> {
        let params = self.params;
        let triggers = params.structures("RollbackConfiguration.RollbackTriggers");
        let minutes = params.text("RollbackConfiguration.MonitoringTimeInMinutes");
        if triggers.is_none() && minutes.is_none() {
            return Ok(None);
        }
        let minutes = minutes.map_or(Some(0), |text| text.parse::<u32>().ok().filter(|minutes| *minutes <= 180));
        let minutes = minutes
            .ok_or_else(|| ApiError::validation("MonitoringTimeInMinutes must have value less than or equal to 180"))?;
        let Some(triggers) = triggers else {
            let stack = params.text("StackName").and_then(|name| world.find_stack(&self.caller.place, &name));
            let triggers = stack.map(|stack| stack.shape.monitoring.triggers.clone()).unwrap_or_default();
            return Ok(Some(Monitoring { triggers, minutes }));
        };
        if triggers.len() > 5 {
            return Err(ApiError::validation("RollbackTriggers must have length less than or equal to 5"));
        }
        let one = |trigger: &Params| {
            let (arn, kind) = (trigger.required("Arn")?, trigger.required("Type")?);
            if !matches!(kind.as_str(), "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm") {
                return Err(ApiError::validation(format!("{kind} is not a type of rollback triggers")));
            }
            if !arn.contains(":alarm:") {
                return Err(ApiError::validation(format!("{arn} is not the ARN of an alarm")));
            }
            Ok((arn, kind))
        };
        Ok(Some(Monitoring { triggers: triggers.iter().map(one).collect::<Answer<_>>()?, minutes }))
    }

    fn stack_input(&self, world: &mut World, token: &str) -> Answer<StackInput> {
        let params = self.params;
        let mut parameters = BTreeMap::new();
        for parameter in params.structures("Parameters").unwrap_or_default() {
            let previous = parameter.flag("UsePreviousValue") == Some(true);
            let value = parameter.text("ParameterValue").unwrap_or_default();
            parameters.insert(parameter.required("ParameterKey")?, (!previous).then_some(value));
        }
        let tags = params.structures("Tags").map(|tags| {
            tags.iter()
                .map(|tag| (tag.text("Key").unwrap_or_default(), tag.text("Value").unwrap_or_default()))
                .collect()
        });
        let template = self.template(world)?;
        if template.is_none() && params.flag("UsePreviousTemplate") != Some(true) {
            return Err(ApiError::validation("Either Template URL or Template Body must be specified."));
        }
        Ok(StackInput {
            name: params.required("StackName")?,
            template,
            parameters,
            tags,
            capabilities: params.list("Capabilities"),
            role: params.text("RoleARN"),
            notifications: params.given_list("NotificationARNs"),
            monitoring: self.monitoring(world)?,
            token: params.text(token),
            skips_validation: params.flag("DisableValidation") == Some(true),
        })
    }

    /// The operations that change something; false if the action is none of them.
    fn change(&self, world: &mut World, action: &str, xml: &mut Xml) -> Answer<bool> {
        let (place, params) = (&self.caller.place, self.params);
        let token = params.text("ClientRequestToken");
        let stack = || params.required("StackName");
        match action {
            "CreateStack" => {
                let on_failure = params.text("OnFailure");
                let options = StackOptions {
                    keep_failed: params.flag("DisableRollback") == Some(true)
                        || on_failure.as_deref() == Some("DO_NOTHING"),
                    delete_failed: on_failure.as_deref() == Some("DELETE"),
                    protected: params.flag("EnableTerminationProtection") == Some(true),
                    timeout: params.number("TimeoutInMinutes")?,
                    policy: params.text("StackPolicyBody"),
                    policy_of_update: None,
                };
                let input = self.stack_input(world, "ClientRequestToken")?;
                let id = world.create_stack(place, &input, &options)?;
                xml.text("StackId", id);
            }
            "UpdateStack" => {
                let keep_failed = params.flag("DisableRollback") == Some(true);
                let (policy, policy_of_update) =
                    (params.text("StackPolicyBody"), params.text("StackPolicyDuringUpdateBody"));
                let options = StackOptions { keep_failed, policy, policy_of_update, ..StackOptions::default() };
                let input = self.stack_input(world, "ClientRequestToken")?;
                xml.text("StackId", world.update_stack(place, &input, &options)?);
            }
            "DeleteStack" => {
                let force = params.text("DeletionMode").as_deref() == Some("FORCE_DELETE_STACK");
                world.delete_stack(place, &stack()?, &params.list("RetainResources"), force, &token)?;
            }
            "CreateChangeSet" => {
                let input = ChangeSetInput {
                    name: params.required("ChangeSetName")?,
                    kind: params.text("ChangeSetType").unwrap_or_else(|| "UPDATE".to_owned()),
                    stack: self.stack_input(world, "ClientToken")?,
                    description: params.text("Description"),
                    on_failure: params.text("OnStackFailure"),
                    reverts: params.text("DeploymentMode").as_deref() == Some("REVERT_DRIFT"),
                    nested: params.flag("IncludeNestedStacks") == Some(true),
                    imports: imports::read(params)?,
                };
                let (id, stack) = world.create_change_set(place, &input)?;
                xml.text("Id", id);
                xml.text("StackId", stack);
            }
            "ExecuteChangeSet" => {
                let name = params.required("ChangeSetName")?;
                let keep = params.flag("DisableRollback");
                world.execute_change_set(place, params.text("StackName").as_deref(), &name, keep, &token)?;
            }
            "DeleteChangeSet" => {
                let name = params.required("ChangeSetName")?;
                world.delete_change_set(place, params.text("StackName").as_deref(), &name)?;
            }
            "SetStackPolicy" => {
                world.set_stack_policy(place, &stack()?, &params.required("StackPolicyBody")?)?;
            }
            "DetectStackDrift" => {
                let id = world.detect_drift(place, &stack()?, &params.list("LogicalResourceIds"))?;
                xml.text("StackDriftDetectionId", id);
            }
            "DetectStackResourceDrift" => {
                let logical = params.required("LogicalResourceId")?;
                let drift = world.detect_resource_drift(place, &stack()?, &logical)?;
                let id = world.find_stack(place, &stack()?).map(|stack| stack.id.to_string()).unwrap_or_default();
                xml.open("StackResourceDrift");
                show::resource_drift(xml, &id, &drift);
                xml.close("StackResourceDrift");
            }
            "SignalResource" => {
                let (logical, unique) = (params.required("LogicalResourceId")?, params.required("UniqueId")?);
                let succeeds = params.required("Status")? == "SUCCESS";
                world.signal_resource(place, &stack()?, &logical, (&unique, succeeds))?;
            }
            "CancelUpdateStack" => world.cancel_update_stack(place, &stack()?, &token)?,
            "ContinueUpdateRollback" => {
                world.continue_update_rollback(place, &stack()?, &params.list("ResourcesToSkip"), &token)?;
            }
            "RollbackStack" => xml.text("StackId", world.rollback_stack(place, &stack()?, &token)?),
            "UpdateTerminationProtection" => {
                let on = params.required("EnableTerminationProtection")? == "true";
                xml.text("StackId", world.set_protection(place, &stack()?, on)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn read(&self, world: &mut World, action: &str, xml: &mut Xml) -> Answer<()> {
        match action {
            "DescribeStacks" => self.describe_stacks(world, xml),
            "ListStacks" => self.list_stacks(world, xml),
            "DescribeChangeSet" => self.describe_change_set(world, xml),
            "ListExports" => self.list_exports(world, xml),
            "ListImports" => self.list_imports(world, xml),
            "ListHookResults" => hooks::list(world, &self.caller.place, self.params, xml),
            "GetHookResult" => hooks::get(world, &self.caller.place, self.params, xml),
            "DescribeEvents" => events::describe(world, &self.caller.place, self.params, xml),
            "DescribeStackDriftDetectionStatus" => self.describe_detection(world, xml),
            "GetTemplateSummary" | "ValidateTemplate" => self.summarise(world, action, xml),
            _ => self.read_stack(world, action, xml),
        }
    }

    fn next_token(&self) -> Option<String> {
        self.params.text("NextToken")
    }

    fn describe_stacks(&self, world: &mut World, xml: &mut Xml) -> Answer<()> {
        let views = match self.params.text("StackName") {
            Some(name) => vec![world.describe_stack(&self.caller.place, &name)?],
            None => world.describe_stacks(&self.caller.place),
        };
        let size = world.page_size();
        let (views, next) = page(views, |view| view.name.clone(), self.next_token(), size)?;
        xml.list("Stacks", &views, show::stack);
        xml.some("NextToken", next);
        Ok(())
    }

    fn list_stacks(&self, world: &mut World, xml: &mut Xml) -> Answer<()> {
        let filter = self.params.list("StackStatusFilter");
        let size = world.page_size();
        let mut stacks = world.stacks(&self.caller.place);
        stacks.retain(|stack| filter.is_empty() || filter.iter().any(|status| status == stack.status.as_str()));
        let (stacks, next) = page(stacks, |stack| stack.id.to_string(), self.next_token(), size)?;
        xml.list("StackSummaries", stacks, show::stack_summary);
        xml.some("NextToken", next);
        Ok(())
    }

    fn describe_change_set(&self, world: &mut World, xml: &mut Xml) -> Answer<()> {
        let name = self.params.required("ChangeSetName")?;
        let values = self.params.flag("IncludePropertyValues") == Some(true);
        let size = world.page_size();
        let (stack, set) =
            world.describe_change_set(&self.caller.place, self.params.text("StackName").as_deref(), &name)?;
        let (changes, next) = page(set.changes.iter().collect(), |row| row.logical.clone(), self.next_token(), size)?;
        show::change_set(xml, stack, set, &changes, values);
        xml.some("NextToken", next);
        Ok(())
    }

    fn list_exports(&self, world: &mut World, xml: &mut Xml) -> Answer<()> {
        let mut exports = Vec::new();
        for stack in world.stacks(&self.caller.place).into_iter().filter(|stack| stack.lives()) {
            exports.extend(stack.exports().map(|(name, value)| (name.to_owned(), value.to_owned(), stack.id.clone())));
        }
        exports.sort();
        let (exports, next) = page(exports, |(name, ..)| name.clone(), self.next_token(), world.page_size())?;
        xml.list("Exports", exports, |xml, (name, value, stack)| {
            xml.text("ExportingStackId", stack);
            xml.text("Name", name);
            xml.text("Value", value);
        });
        xml.some("NextToken", next);
        Ok(())
    }

    fn list_imports(&self, world: &mut World, xml: &mut Xml) -> Answer<()> {
        let export = self.params.required("ExportName")?;
        let place = &self.caller.place;
        let deployed = |stack: &&Stack| stack.lives() && stack.status != StackStatus::ReviewInProgress;
        let stacks = world.stacks(place).into_iter().filter(deployed);
        let users: Vec<String> = stacks
            .filter(|stack| world.imports(place, stack).contains(&export))
            .map(|stack| stack.name.clone())
            .collect();
        if users.is_empty() {
            return Err(ApiError::validation(format!("Export '{export}' is not imported by any stack.")));
        }
        let (users, next) = page(users, Clone::clone, self.next_token(), world.page_size())?;
        xml.texts("Imports", users);
        xml.some("NextToken", next);
        Ok(())
    }

    fn describe_detection(&self, world: &mut World, xml: &mut Xml) -> Answer<()> {
        let id = self.params.required("StackDriftDetectionId")?;
        let (stack, detection) = world.find_detection(&self.caller.place, &id)?;
        show::detection(xml, stack, detection);
        Ok(())
    }

    fn summarise(&self, world: &mut World, action: &str, xml: &mut Xml) -> Answer<()> {
        let body = match (self.template(world)?, self.params.text("StackName")) {
            (Some(body), _) => body,
            (None, Some(name)) => world.body(&self.caller.place, &name)?.to_string(),
            (None, None) => {
                return Err(ApiError::validation("Either Template URL or Template Body must be specified."));
            }
        };
        let (template, transforms) = Template::outline(&body)?;
        show::template_summary(xml, &template, &transforms, action == "GetTemplateSummary");
        Ok(())
    }

    /// The stack that has a resource of this physical id.
    fn stack_with(&self, world: &World, id: &str) -> Answer<String> {
        let has = |stack: &&Stack| {
            let mut own = stack.resources.values().filter(|resource| !is_released(&resource.status));
            stack.lives() && own.any(|resource| resource.physical_id.as_deref() == Some(id))
        };
        let found = world.stacks(&self.caller.place).into_iter().find(has);
        found
            .map(|stack| stack.name.clone())
            .ok_or_else(|| ApiError::validation(format!("Stack for {id} does not exist")))
    }

    /// The template of a change set or of what is deployed, which is nothing while the stack is in review. That of a change set
    /// is processed once it is created. \[api: GetTemplate\]
    fn get_template(&self, world: &World, xml: &mut Xml) -> Answer<()> {
        let (place, stack) = (&self.caller.place, self.params.text("StackName"));
        let original = match self.params.text("TemplateStage").as_deref() {
            Some("Original") => true,
            None | Some("Processed") => false,
            Some(other) => return Err(ApiError::validation(format!("{other} is not a stage of templates"))),
        };
        let (body, processed) = match self.params.text("ChangeSetName") {
            Some(name) => {
                let set = world.describe_change_set(place, stack.as_deref(), &name)?.1;
                let processed = set.shape.expansion.is_none() || set.status == "CREATE_COMPLETE";
                ((original || processed).then(|| set.shape.shown(original)), processed)
            }
            None => (world.deployed_template(place, &self.params.required("StackName")?, original)?, true),
        };
        if body.is_none() && !processed {
            return Err(ApiError::validation("Template stage Processed is not available for this change set"));
        }
        xml.some("TemplateBody", body);
        xml.texts("StagesAvailable", ["Original", "Processed"].into_iter().take(if processed { 2 } else { 1 }));
        Ok(())
    }

    /// Reads of one stack.
    fn read_stack(&self, world: &mut World, action: &str, xml: &mut Xml) -> Answer<()> {
        if action == "GetTemplate" {
            return self.get_template(world, xml);
        }
        let size = world.page_size();
        let name = match (self.params.text("StackName"), self.params.text("PhysicalResourceId")) {
            (None, Some(id)) => self.stack_with(world, &id)?,
            _ => self.params.required("StackName")?,
        };
        let missing = || match action {
            "DescribeStackEvents" => ApiError::validation(format!("Stack [{name}] does not exist")),
            _ => ApiError::validation(format!("Stack with id {name} does not exist")),
        };
        let stack = world.find_stack(&self.caller.place, &name).ok_or_else(missing)?;
        let logical = self.params.text("LogicalResourceId");
        let resources: Vec<_> =
            stack.resources.values().filter(|r| logical.as_ref().is_none_or(|logical| r.logical == *logical)).collect();
        match action {
            "DescribeStackEvents" => {
                let events: Vec<_> = stack.events.iter().rev().collect();
                let (events, next) = page(events, |event| event.id.clone(), self.next_token(), size)?;
                xml.list("StackEvents", events, |xml, event| show::event(xml, stack, event));
                xml.some("NextToken", next);
            }
            "DescribeStackResources" => {
                xml.list("StackResources", resources, |xml, resource| {
                    show::resource(xml, stack, true, resource, "Timestamp")
                });
            }
            "DescribeStackResource" => {
                let logical = self.params.required("LogicalResourceId")?;
                let resource = resources.into_iter().next().ok_or_else(|| {
                    ApiError::validation(format!("Resource {logical} does not exist for stack {}", stack.name))
                })?;
                xml.open("StackResourceDetail");
                show::resource(xml, stack, true, resource, "LastUpdatedTimestamp");
                xml.close("StackResourceDetail");
            }
            "ListStackResources" => {
                let (resources, next) = page(resources, |resource| resource.logical.clone(), self.next_token(), size)?;
                xml.list("StackResourceSummaries", resources, |xml, resource| {
                    show::resource(xml, stack, false, resource, "LastUpdatedTimestamp");
                });
                xml.some("NextToken", next);
            }
            "DescribeStackResourceDrifts" => {
                let wanted = self.params.list("StackResourceDriftStatusFilters");
                if let Some(other) = wanted.iter().find(|word| !show::DRIFT_STATUSES.contains(&word.as_str())) {
                    return Err(ApiError::validation(format!("{other} is not a drift status of resources")));
                }
                let drifts = stack.drift.resources.values();
                let drifts: Vec<_> =
                    drifts.filter(|drift| wanted.is_empty() || wanted.iter().any(|s| s == drift.status)).collect();
                let most = self.params.number("MaxResults")?.and_then(|most| usize::try_from(most).ok());
                let size = most.unwrap_or(size).min(size);
                let (drifts, next) = page(drifts, |drift| drift.logical.clone(), self.next_token(), size)?;
                xml.list("StackResourceDrifts", drifts, |xml, drift| show::resource_drift(xml, &stack.id, drift));
                xml.some("NextToken", next);
            }
            "GetStackPolicy" => {
                xml.some("StackPolicyBody", stack.policy.as_ref().map(ToString::to_string));
            }
            "ListChangeSets" => {
                let sets: Vec<_> = stack.change_sets.values().collect();
                let (sets, next) = page(sets, |set| set.name.clone(), self.next_token(), size)?;
                xml.list("Summaries", sets, |xml, set| show::change_set_summary(xml, stack, set));
                xml.some("NextToken", next);
            }
            other => return Err(ApiError::not_modelled(format_args!("the operation {other} of CloudFormation"))),
        }
        Ok(())
    }
}
