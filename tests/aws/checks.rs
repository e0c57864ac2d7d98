//! What a client may rely on, as AWS documents it. Each check works in stacks of its own name.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use landfall::aws::AwsCloud;
use landfall::cloud::{
    At, Change, ChangeSetRequest, ChangeSetSeen, ChangeSetStatus, CloudError, Execution, HookAnswer, Observe, Percent,
    StackEvent, TemplateObject, TemplateSource,
};
use landfall::model::journal::Effect;
use landfall::model::place::Access;
use landfall::model::{BucketName, Id, StackName, StackSeen, StackStatus};

use super::server::at;
use super::tasks::{a_task_is_stopped, a_task_runs_once_and_leaves_its_lines};

/// What a check is given.
pub(super) struct Context<'a> {
    pub(super) endpoint: &'a str,
    /// The account that the credentials are for.
    pub(super) account: &'a str,
    pub(super) cloud: &'a AwsCloud,
    pub(super) check: &'static str,
}

/// Nothing, or what is different from AWS.
pub(super) type Outcome = Result<(), String>;

/// One check.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) run: for<'a> fn(&'a Context<'a>) -> BoxFuture<'a, Outcome>,
}

macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        pub(super) const CHECKS: &[Check] = &[$(Check {
            name: stringify!($name),
            run: |context| Box::pin($name(context)),
        }),*];
    };
}

checks! {
    identity_is_the_accounts,
    credentials_of_another_account_are_refused,
    a_role_reaches_another_account_and_region,
    a_role_that_is_not_allowed_is_refused,
    what_is_not_there_is_none,
    a_stack_is_created,
    outputs_are_told,
    the_description_is_kept,
    a_stack_is_updated,
    a_change_set_says_what_is_replaced,
    an_update_without_changes_is_told,
    a_failed_create_rolls_back,
    a_failed_update_rolls_back,
    a_stack_is_deleted,
    a_protected_stack_is_not_deleted,
    a_deleted_change_set_is_gone,
    a_stale_change_set_cannot_run,
    events_carry_the_token,
    a_token_means_one_request,
    a_cancel_needs_an_update,
    a_long_listing_is_complete,
    a_service_shows_its_deployment,
    a_pause_hook_is_answered,
    a_long_template_goes_through_a_bucket,
    a_bucket_that_cannot_be_used_is_said,
    a_task_runs_once_and_leaves_its_lines,
    a_task_is_stopped,
}

const OTHER: &str = "222222222222";

pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?} and not {expected:?}")) }
}

pub(super) fn say(error: CloudError) -> String {
    error.to_string()
}

impl Context<'_> {
    pub(super) fn here(&self) -> At {
        at(self.account, "eu-west-1")
    }

    fn stack(&self) -> StackName {
        StackName::seen(&self.check.replace('_', "-"))
    }

    /// Makes a change set and waits until it is made.
    async fn prepare(&self, request: &ChangeSetRequest) -> Result<ChangeSetSeen, String> {
        self.cloud.create_change_set(&self.here(), request).await.map_err(say)?;
        for _ in 0..600 {
            let seen = self.cloud.change_set(&self.here(), request.stack.as_str(), &request.name).await.map_err(say)?;
            match seen {
                Some(seen) if seen.status != ChangeSetStatus::Creating => return Ok(seen),
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        Err("the change set is never made".to_owned())
    }

    /// Makes and executes a change set, and waits until the stack rests.
    pub(super) async fn deploy(&self, request: &ChangeSetRequest) -> Result<StackSeen, String> {
        let seen = self.prepare(request).await?;
        if seen.execution != Execution::Available {
            return Err(format!("the change set is {:?}: {:?}", seen.execution, seen.reason));
        }
        let token = format!("{}-x", request.token);
        self.cloud.execute_change_set(&self.here(), &request.stack, &request.name, &token).await.map_err(say)?;
        self.settle(seen.stack_id.as_ref()).await
    }

    async fn settle(&self, id: &str) -> Result<StackSeen, String> {
        for _ in 0..600 {
            let seen = self.cloud.stack(&self.here(), id).await.map_err(say)?.ok_or("the stack is not there")?;
            if !seen.status.in_progress() && seen.status != StackStatus::ReviewInProgress {
                return Ok(seen);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("the stack never rests".to_owned())
    }

    /// A first version of a stack: one log group.
    fn first(&self) -> ChangeSetRequest {
        self.request("one", true, &log_groups(&["A"], 7))
    }

    pub(super) fn request(&self, name: &str, create: bool, template: &str) -> ChangeSetRequest {
        ChangeSetRequest {
            stack: self.stack(),
            name: format!("lf-{name}").into(),
            create,
            template: template.into(),
            parameters: BTreeMap::from([("Days".to_owned(), "14".to_owned())]),
            tags: BTreeMap::from([("landfall:project".to_owned(), "storefront".to_owned())]),
            capabilities: vec!["CAPABILITY_IAM".into()],
            token: format!("lf-0123456789abcdef-{name}").into(),
            reverts: false,
        }
    }
}

/// The template that goes with a call.
fn sent(request: &ChangeSetRequest) -> &str {
    match &request.template {
        TemplateSource::Body(body) => body,
        TemplateSource::Object(object) => panic!("the template is in {}", object.bucket),
    }
}

pub(super) fn template(resources: &str) -> String {
    format!(
        r#"{{"Description": "shop [landfall/1 1.0.0 b3:00]",
            "Parameters": {{"Days": {{"Type": "String"}}}},
            "Resources": {{{resources}}},
            "Outputs": {{"Days": {{"Value": {{"Ref": "Days"}}}}}}}}"#
    )
}

fn log_groups(names: &[&str], days: u32) -> String {
    let one = |name: &&str| {
        format!(r#""{name}": {{"Type": "AWS::Logs::LogGroup", "Properties": {{"RetentionInDays": {days}}}}}"#)
    };
    template(&names.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// A log group, and a resource that cannot be made: its listener does not exist.
fn failing(days: u32) -> String {
    template(&format!(
        r#""A": {{"Type": "AWS::Logs::LogGroup", "Properties": {{"RetentionInDays": {days}}}}},
           "Bad": {{"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {{
               "ListenerArn": "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/app/none/1/2",
               "Priority": 1,
               "Conditions": [{{"Field": "path-pattern", "Values": ["/a"]}}],
               "Actions": [{{"Type": "fixed-response", "FixedResponseConfig": {{"StatusCode": "200"}}}}]}}}}"#
    ))
}

async fn identity_is_the_accounts(context: &Context<'_>) -> Outcome {
    let identity = context.cloud.identity(&context.here()).await.map_err(say)?;
    same("the account", identity.account.as_str(), context.account)?;
    same("the ARN's beginning", identity.arn.starts_with("arn:aws:"), true)
}

/// Nothing is asked of an account that the target does not name.
async fn credentials_of_another_account_are_refused(context: &Context<'_>) -> Outcome {
    let at = At { access: role(OTHER, "deployer"), ..context.here() };
    match context.cloud.stacks(&at).await {
        Err(CloudError::Credentials { message, .. })
            if message.contains(OTHER) && message.contains(context.account) =>
        {
            Ok(())
        }
        other => Err(format!("it is {other:?}")),
    }
}

fn role(account: &str, name: &str) -> Access {
    Access { role: Some(format!("arn:aws:iam::{account}:role/{name}").into()), external_id: Some("landfall".into()) }
}

async fn a_role_reaches_another_account_and_region(context: &Context<'_>) -> Outcome {
    context.deploy(&context.first()).await?;
    let there = At { access: role(OTHER, "deployer"), ..at(OTHER, "us-east-1") };
    let identity = context.cloud.identity(&there).await.map_err(say)?;
    same("the account", identity.account.as_str(), OTHER)?;
    if !identity.arn.contains("landfall-0123456789abcdef") {
        return Err(format!("the session is not named: {}", identity.arn));
    }
    same("stacks over there", context.cloud.stacks(&there).await.map_err(say)?.len(), 0)?;
    let same_account = at(context.account, "us-east-1");
    let found = context.cloud.stack(&same_account, context.stack().as_str()).await.map_err(say)?;
    same("the stack in another region", found.is_none(), true)
}

async fn a_role_that_is_not_allowed_is_refused(context: &Context<'_>) -> Outcome {
    let mut options = super::server::options(context.endpoint);
    options.allowed_roles = Some(vec![landfall::aws::RolePattern::new("arn:aws:iam::*:role/landfall-*")]);
    let cloud = AwsCloud::new(options);
    let there = |name| At { access: role(OTHER, name), ..at(OTHER, "us-east-1") };
    let refused = cloud.stacks(&there("admin")).await;
    match refused {
        Err(CloudError::Credentials { message, .. }) if message.contains("role/admin") => {}
        other => return Err(format!("it is {other:?}")),
    }
    same("calls", cloud.calls().is_empty(), true)?;
    cloud.stacks(&there("landfall-deployer")).await.map(drop).map_err(say)
}

async fn what_is_not_there_is_none(context: &Context<'_>) -> Outcome {
    let (at, none) = (context.here(), StackName::seen("nothing-here"));
    let cloud = context.cloud;
    same("the stack", cloud.stack(&at, "nothing-here").await.map_err(say)?, None)?;
    same("its template", cloud.template(&at, &none).await.map_err(say)?, None)?;
    same("its change set", cloud.change_set(&at, "nothing-here", "lf-1-1").await.map_err(say)?, None)?;
    same("the cluster", cloud.cluster(&at, "nothing-here").await.map_err(say)?, None)?;
    let arn = "arn:aws:ecs:eu-west-1:111111111111:service/nothing-here/web";
    same("the service", cloud.service(&at, arn).await.map_err(say)?, None)?;
    cloud.delete_change_set(&at, &none, "lf-1-1").await.map_err(say)
}

async fn a_stack_is_created(context: &Context<'_>) -> Outcome {
    let request = context.first();
    let set = context.prepare(&request).await?;
    let review = context.cloud.stack(&context.here(), request.stack.as_str()).await.map_err(say)?;
    same("the new stack", review.map(|stack| stack.status), Some(StackStatus::ReviewInProgress))?;
    let rows: Vec<_> = set.changes.iter().map(|row| (&*row.change.resource, row.change.effect)).collect();
    same("the change set", rows, vec![("A", Effect::Add)])?;
    let token = "lf-0123456789abcdef-one-x";
    context.cloud.execute_change_set(&context.here(), &request.stack, &request.name, token).await.map_err(say)?;
    let stack = context.settle(&set.stack_id).await?;
    same("the status", stack.status, StackStatus::CreateComplete)?;
    same("the name", &stack.name, &request.stack)?;
    same("the tags", &stack.tags, &request.tags)?;
    same("the parameters", &stack.parameters, &request.parameters)?;
    let text = context.cloud.template(&context.here(), &stack.name).await.map_err(say)?;
    same("the template", text.as_deref(), Some(sent(&request)))?;
    let resources = context.cloud.resources(&context.here(), &stack.id).await.map_err(say)?;
    let resources: Vec<_> = resources.iter().map(|one| (&*one.logical_id, &*one.status)).collect();
    same("the resources", resources, vec![("A", "CREATE_COMPLETE")])
}

async fn outputs_are_told(context: &Context<'_>) -> Outcome {
    let stack = context.deploy(&context.first()).await?;
    same("the outputs", stack.outputs, context.first().parameters)
}

/// landfall's stamp is there: without it every stack looks new.
async fn the_description_is_kept(context: &Context<'_>) -> Outcome {
    let stack = context.deploy(&context.first()).await?;
    same("the description", stack.description.as_deref(), Some("shop [landfall/1 1.0.0 b3:00]"))
}

async fn a_change_set_says_what_is_replaced(context: &Context<'_>) -> Outcome {
    context.deploy(&context.first()).await?;
    let set = context.prepare(&context.request("two", false, &log_groups(&["A"], 30))).await?;
    let rows: Vec<_> = set.changes.iter().map(|row| (&*row.change.resource, row.change.effect)).collect();
    same("the change set", rows, vec![("A", Effect::Modify)])?;
    let causes: Vec<_> = set.changes.iter().flat_map(|row| &row.causes).map(|cause| &*cause.name).collect();
    same("the causes", causes, vec!["RetentionInDays"])
}

async fn a_stack_is_updated(context: &Context<'_>) -> Outcome {
    let before = context.deploy(&context.first()).await?;
    let request = context.request("two", false, &log_groups(&["A", "B"], 30));
    let set = context.prepare(&request).await?;
    let mut rows: Vec<_> = set.changes.iter().map(|row| &*row.change.resource).collect();
    rows.sort();
    same("the change set", rows, vec!["A", "B"])?;
    let token = "lf-0123456789abcdef-two-x";
    context.cloud.execute_change_set(&context.here(), &request.stack, &request.name, token).await.map_err(say)?;
    let after = context.settle(&before.id).await?;
    same("the status", after.status, StackStatus::UpdateComplete)?;
    let resources = context.cloud.resources(&context.here(), &after.id).await.map_err(say)?;
    same("the resources", resources.len(), 2)
}

async fn an_update_without_changes_is_told(context: &Context<'_>) -> Outcome {
    context.deploy(&context.first()).await?;
    let again = ChangeSetRequest {
        create: false,
        name: "lf-again".into(),
        token: "lf-0123456789abcdef-again".into(),
        ..context.first()
    };
    let set = context.prepare(&again).await?;
    same("that there is no change", set.is_no_change(), true)?;
    context.cloud.delete_change_set(&context.here(), &again.stack, &again.name).await.map_err(say)
}

async fn a_failed_create_rolls_back(context: &Context<'_>) -> Outcome {
    let stack = context.deploy(&context.request("one", true, &failing(7))).await?;
    same("the status", stack.status, StackStatus::RollbackComplete)?;
    let events = context.cloud.events(&context.here(), &stack.id, "lf-0123456789abcdef-one-x").await.map_err(say)?;
    failure(&events)
}

async fn a_failed_update_rolls_back(context: &Context<'_>) -> Outcome {
    context.deploy(&context.first()).await?;
    let stack = context.deploy(&context.request("two", false, &failing(30))).await?;
    same("the status", stack.status, StackStatus::UpdateRollbackComplete)?;
    let text = context.cloud.template(&context.here(), &stack.name).await.map_err(say)?;
    same("the template is the old one", text.as_deref(), Some(sent(&context.first())))?;
    let events = context.cloud.events(&context.here(), &stack.id, "lf-0123456789abcdef-two-x").await.map_err(say)?;
    failure(&events)
}

fn failure(events: &[StackEvent]) -> Outcome {
    let failed = events.iter().find(|event| event.resource == "Bad" && event.status.ends_with("_FAILED"));
    match failed.map(|event| event.reason.is_some()) {
        Some(true) => Ok(()),
        other => Err(format!("no event says why it failed: {other:?} among {} events", events.len())),
    }
}

async fn a_stack_is_deleted(context: &Context<'_>) -> Outcome {
    let stack = context.deploy(&context.first()).await?;
    context.cloud.delete_stack(&context.here(), &stack.id, "lf-0123456789abcdef-d").await.map_err(say)?;
    let gone = context.settle(&stack.id).await?;
    same("the status by id", gone.status, StackStatus::DeleteComplete)?;
    same("the stack by name", context.cloud.stack(&context.here(), stack.name.as_str()).await.map_err(say)?, None)?;
    let listed = context.cloud.stacks(&context.here()).await.map_err(say)?;
    same("it is listed", listed.iter().any(|one| one.id == stack.id), false)?;
    let events = context.cloud.events(&context.here(), &stack.id, "lf-0123456789abcdef-d").await.map_err(say)?;
    same("events of a deleted stack", events.is_empty(), false)
}

async fn a_protected_stack_is_not_deleted(context: &Context<'_>) -> Outcome {
    let stack = context.deploy(&context.first()).await?;
    context.cloud.set_protection(&context.here(), &stack.name, true).await.map_err(say)?;
    let seen = context.cloud.stack(&context.here(), &stack.id).await.map_err(say)?;
    same("that it is protected", seen.is_some_and(|stack| stack.protected), true)?;
    let refused = context.cloud.delete_stack(&context.here(), &stack.id, "lf-0123456789abcdef-d1").await;
    if !matches!(refused, Err(CloudError::Invalid { .. })) {
        return Err(format!("deleting it gives {refused:?}"));
    }
    context.cloud.set_protection(&context.here(), &stack.name, false).await.map_err(say)?;
    context.cloud.delete_stack(&context.here(), &stack.id, "lf-0123456789abcdef-d2").await.map_err(say)
}

async fn a_deleted_change_set_is_gone(context: &Context<'_>) -> Outcome {
    context.deploy(&context.first()).await?;
    let request = context.request("two", false, &log_groups(&["A", "B"], 30));
    context.prepare(&request).await?;
    context.cloud.delete_change_set(&context.here(), &request.stack, &request.name).await.map_err(say)?;
    let seen = context.cloud.change_set(&context.here(), request.stack.as_str(), &request.name).await.map_err(say)?;
    same("the change set", seen.is_none_or(|set| set.status == ChangeSetStatus::Deleted), true)?;
    // Deleting it again is fine.
    context.cloud.delete_change_set(&context.here(), &request.stack, &request.name).await.map_err(say)
}

async fn a_stale_change_set_cannot_run(context: &Context<'_>) -> Outcome {
    context.deploy(&context.first()).await?;
    let stale = context.request("stale", false, &log_groups(&["A", "Stale"], 30));
    context.prepare(&stale).await?;
    context.deploy(&context.request("two", false, &log_groups(&["A", "B"], 30))).await?;
    let token = "lf-0123456789abcdef-stale-x";
    match context.cloud.execute_change_set(&context.here(), &stale.stack, &stale.name, token).await {
        Err(CloudError::Conflict { .. } | CloudError::NotFound { .. }) => Ok(()),
        other => Err(format!("executing it gives {other:?}")),
    }
}

async fn events_carry_the_token(context: &Context<'_>) -> Outcome {
    let stack = context.deploy(&context.first()).await?;
    context.deploy(&context.request("two", false, &log_groups(&["A", "B"], 30))).await?;
    let (first, second) = ("lf-0123456789abcdef-one-x", "lf-0123456789abcdef-two-x");
    let last = context.cloud.last_token(&context.here(), &stack.id).await.map_err(say)?;
    same("whose the last operation was", last.as_deref(), Some(second))?;
    let events = context.cloud.events(&context.here(), &stack.id, second).await.map_err(say)?;
    same("all are of the second", events.iter().all(|event| event.token.as_deref() == Some(second)), true)?;
    same("the newest of them", events.first().map(|event| &*event.status), Some("UPDATE_COMPLETE"))?;
    let both = context.cloud.events(&context.here(), &stack.id, first).await.map_err(say)?;
    same("the first's lie below", both.len() > events.len(), true)?;
    let none = context.cloud.events(&context.here(), &stack.id, "lf-nobodys").await.map_err(say)?;
    same("events of nobody's token", none.len(), 0)
}

/// The same token with another request is refused, so that a crash can never do a second thing under a first's name.
async fn a_token_means_one_request(context: &Context<'_>) -> Outcome {
    let stack = context.deploy(&context.first()).await?;
    let two = context.request("two", false, &log_groups(&["A", "B"], 30));
    context.prepare(&two).await?;
    let used = "lf-0123456789abcdef-one-x";
    match context.cloud.execute_change_set(&context.here(), &stack.name, &two.name, used).await {
        Err(CloudError::TokenReused { .. }) => Ok(()),
        other => Err(format!("executing with a used token gives {other:?}")),
    }
}

async fn a_cancel_needs_an_update(context: &Context<'_>) -> Outcome {
    let stack = context.deploy(&context.first()).await?;
    match context.cloud.cancel_update(&context.here(), &stack.name, "lf-0123456789abcdef-c").await {
        Err(CloudError::Conflict { .. }) => Ok(()),
        other => Err(format!("cancelling gives {other:?}")),
    }
}

/// More stacks than a page of DescribeStacks holds.
async fn a_long_listing_is_complete(context: &Context<'_>) -> Outcome {
    const STACKS: usize = 110;
    for number in 0..STACKS {
        let mut request = context.first();
        request.stack = StackName::seen(&format!("{}-{number}", context.stack()));
        request.token = format!("lf-0123456789abcdef-{number}").into();
        context.cloud.create_change_set(&context.here(), &request).await.map_err(say)?;
    }
    let listed = context.cloud.stacks(&context.here()).await.map_err(say)?;
    let ours = listed.iter().filter(|stack| stack.name.as_str().starts_with(context.stack().as_str())).count();
    same("the stacks that are listed", ours, STACKS)
}

async fn a_service_shows_its_deployment(context: &Context<'_>) -> Outcome {
    let request = context.request("one", true, &template(SERVICE));
    let stack = context.deploy(&request).await?;
    same("the status", stack.status, StackStatus::CreateComplete)?;
    let resources = context.cloud.resources(&context.here(), &stack.id).await.map_err(say)?;
    let physical = |name: &str| resources.iter().find(|one| one.logical_id == name)?.physical_id.clone();
    let arn = physical("Service").ok_or("the service has no physical id")?;
    let service = context.cloud.service(&context.here(), &arn).await.map_err(say)?.ok_or("there is no service")?;
    same("its ARN", &*service.arn, &*arn)?;
    same("its task definition", Some(service.task_definition.to_string()), physical("Task"))?;
    let deployment = service.deployment.clone().ok_or("the service has no service deployment")?;
    same("the revision's task definition", &deployment.task_definition, &service.task_definition)?;
    let digest = deployment.images.get("app").and_then(|image| image.digest.as_deref());
    same("that ECS resolved the image", digest.is_some_and(|digest| digest.starts_with("sha256:")), true)?;
    context.cloud.stopped_tasks(&context.here(), &service).await.map(drop).map_err(say)
}

/// A deployment waits at its pause hook, the stack with it, until it is answered.
async fn a_pause_hook_is_answered(context: &Context<'_>) -> Outcome {
    let service = SERVICE.replace("conformance", "pausing");
    let stack = context.deploy(&context.request("one", true, &template(&service))).await?;
    let resources = context.cloud.resources(&context.here(), &stack.id).await.map_err(say)?;
    let found = resources.into_iter().find(|one| one.logical_id == "Service");
    let arn = found.and_then(|one| one.physical_id).ok_or("the service has no physical id")?;
    for (name, tag, answer) in [("two", "2.0.0", HookAnswer::Continue), ("three", "3.0.0", HookAnswer::Rollback)] {
        let pausing = service.replace("shop:1.0.0", &format!("shop:{tag}"));
        let pausing = pausing.replace(r#""DesiredCount""#, &format!("{PAUSES}, \"DesiredCount\""));
        let request = context.request(name, false, &template(&pausing));
        context.prepare(&request).await?;
        let token = format!("{}-x", request.token);
        context.cloud.execute_change_set(&context.here(), &request.stack, &request.name, &token).await.map_err(say)?;
        let (deployment, hook) = waits(context, &arn).await?;
        let stack = context.cloud.stack(&context.here(), request.stack.as_str()).await.map_err(say)?;
        same("the stack", stack.map(|stack| stack.status), Some(StackStatus::UpdateInProgress))?;
        let answered = context.cloud.continue_service_deployment(&context.here(), &deployment, &hook, answer).await;
        answered.map_err(say)?;
        let again = context.cloud.continue_service_deployment(&context.here(), &deployment, &hook, answer).await;
        same("that a hook is answered once", again.is_err(), true)?;
        let expected = match answer {
            HookAnswer::Continue => StackStatus::UpdateComplete,
            HookAnswer::Rollback => StackStatus::UpdateRollbackComplete,
        };
        let stack = context.settle(request.stack.as_str()).await?;
        same("the stack afterwards", stack.status, expected)?;
    }
    Ok(())
}

/// Waits until a service's deployment waits at a hook: its ARN and the hook's id.
async fn waits(context: &Context<'_>, arn: &str) -> Result<(String, String), String> {
    for _ in 0..600 {
        let service = context.cloud.service(&context.here(), arn).await.map_err(say)?.ok_or("there is no service")?;
        let deployment = service.deployment.ok_or("the service has no service deployment")?;
        if let Some(hook) = deployment.waits_at() {
            let shift = deployment.shift.clone().unwrap();
            same("the strategy", &*shift.strategy, "BLUE_GREEN")?;
            same("the stage", &*shift.stage, "POST_TEST_TRAFFIC_SHIFT")?;
            same("the test traffic", shift.test, Some(Percent::new(100.0)))?;
            same("the production traffic", shift.production, Some(Percent::new(0.0)))?;
            same("what comes of it in the end", hook.then, HookAnswer::Rollback)?;
            same("that it expires", hook.expires.is_some(), true)?;
            return Ok((deployment.arn.to_string(), hook.id.to_string()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("the deployment never waits".to_owned())
}

const PAUSES: &str = r#""DeploymentConfiguration": {"Strategy": "BLUE_GREEN", "LifecycleHooks": [
    {"TargetType": "PAUSE", "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]}"#;

/// Makes a bucket as any client would; who calls is read from the signature, which none of the servers checks.
fn make_bucket(context: &Context<'_>, account: &str, region: &str, name: &str) -> Outcome {
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential={account}/20261123/{region}/s3/aws4_request, SignedHeaders=host, Signature=0"
    );
    let body = format!(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{region}\
         </LocationConstraint></CreateBucketConfiguration>"
    );
    let answer = ureq::put(format!("{}/{name}", context.endpoint)).header("authorization", signature).send(body);
    answer.map(drop).map_err(|error| format!("the bucket cannot be made: {error}"))
}

async fn a_long_template_goes_through_a_bucket(context: &Context<'_>) -> Outcome {
    let name = BucketName::new("conformance-templates").map_err(|error| error.to_string())?;
    same("that there is a bucket", context.cloud.bucket(&context.here(), &name).await.map_err(say)?, false)?;
    make_bucket(context, context.account, "eu-west-1", name.as_str())?;
    same("that there is a bucket", context.cloud.bucket(&context.here(), &name).await.map_err(say)?, true)?;
    let long =
        log_groups(&["A"], 7).replacen('{', &format!(r#"{{"Metadata": {{"Long": "{}"}},"#, "x".repeat(60_000)), 1);
    let repository = Id::new("conformance").map_err(|error| error.to_string())?;
    let object = TemplateObject::of(name, &repository, &long);
    for _ in 0..2 {
        context.cloud.put_template(&context.here(), &object, &long).await.map_err(say)?;
    }
    let request = ChangeSetRequest { template: TemplateSource::Object(object), ..context.first() };
    let stack = context.deploy(&request).await?;
    same("the status", stack.status, StackStatus::CreateComplete)?;
    let text = context.cloud.template(&context.here(), &stack.name).await.map_err(say)?;
    same("the template's length", text.map(|text| text.len()), Some(long.len()))
}

async fn a_bucket_that_cannot_be_used_is_said(context: &Context<'_>) -> Outcome {
    let repository = Id::new("conformance").map_err(|error| error.to_string())?;
    let bucket = |name: &str| BucketName::new(name).map_err(|error| error.to_string());
    let put = async |name: &str| {
        let object = TemplateObject::of(bucket(name)?, &repository, "{}");
        let error = context.cloud.put_template(&context.here(), &object, "{}").await.err();
        error.ok_or_else(|| format!("a template was put into {name}"))
    };
    match put("conformance-nowhere").await? {
        CloudError::NotFound { message, .. } if message.contains("create it in") => {}
        other => return Err(format!("no bucket gives {other:?}")),
    }
    make_bucket(context, OTHER, "eu-west-1", "conformance-of-others")?;
    match put("conformance-of-others").await? {
        CloudError::Denied { message, .. } if message.contains("has to belong to account") => {}
        other => return Err(format!("another account's bucket gives {other:?}")),
    }
    make_bucket(context, context.account, "us-west-2", "conformance-elsewhere")?;
    match put("conformance-elsewhere").await? {
        CloudError::Invalid { message, .. } if message.contains("has to be in the target's region") => {}
        other => return Err(format!("another region's bucket gives {other:?}")),
    }
    match context.cloud.bucket(&context.here(), &bucket("conformance-elsewhere")?).await {
        Err(CloudError::Invalid { .. }) => Ok(()),
        other => Err(format!("looking at another region's bucket gives {other:?}")),
    }
}

const SERVICE: &str = r#"
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "conformance"}},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}},
    "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "Family": "conformance", "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"], "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "ContainerDefinitions": [{"Name": "app", "Image": "shop:1.0.0", "Essential": true}]}},
    "Service": {"Type": "AWS::ECS::Service", "Properties": {
        "Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1, "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-0a"]}}}}"#;
