//! Changing stacks, and answering hooks of services. Every request is built here and nowhere else; none is repeated once it may have been carried out.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudformation::types as cfn;
use aws_sdk_ecs::types::DeploymentLifecycleHookAction;

use super::answer::Reader;
use super::clients::AwsCloud;
use super::observe::found;
use super::operation::Operation;
use crate::cloud::{At, Change, ChangeSetRequest, HookAnswer, Result, RunTaskRequest, TemplateObject, TemplateSource};
use crate::model::StackName;
use crate::model::drift::ServiceSettings;

#[async_trait]
impl Change for AwsCloud {
    async fn put_template(&self, at: &At, object: &TemplateObject, body: &str) -> Result<()> {
        self.put_object(at, object, body).await
    }

    async fn create_change_set(&self, at: &At, request: &ChangeSetRequest) -> Result<()> {
        let operation = Operation::CreateChangeSet;
        let (parameters, tags) = (parameters(request), tags(request));
        let capabilities: Vec<_> =
            request.capabilities.iter().map(|name| cfn::Capability::from(name.as_ref())).collect();
        let kind = if request.create { cfn::ChangeSetType::Create } else { cfn::ChangeSetType::Update };
        let answer = self
            .call(at, operation, |clients| {
                let call = clients.cloudformation.create_change_set();
                let call = match &request.template {
                    TemplateSource::Body(body) => call.template_body(body.as_ref()),
                    TemplateSource::Object(object) => {
                        call.template_url(object.url(&at.place.region, clients.endpoint.as_deref()))
                    }
                };
                call.stack_name(request.stack.as_str())
                    .change_set_name(request.name.as_ref())
                    .change_set_type(kind.clone())
                    .set_parameters(Some(parameters.clone()))
                    .set_tags(Some(tags.clone()))
                    .set_capabilities(Some(capabilities.clone()))
                    .set_deployment_mode(request.reverts.then_some(cfn::DeploymentMode::RevertDrift))
                    .client_token(request.token.as_ref())
                    .send()
            })
            .await
            .map_err(|error| match &request.template {
                TemplateSource::Body(_) => error,
                TemplateSource::Object(object) => object.not_read(error),
            })?;
        Reader(operation).text("Id", answer.id()).map(drop)
    }

    async fn execute_change_set(&self, at: &At, stack: &StackName, name: &str, token: &str) -> Result<()> {
        self.call(at, Operation::ExecuteChangeSet, |clients| {
            let call = clients.cloudformation.execute_change_set().stack_name(stack.as_str());
            call.change_set_name(name).client_request_token(token).send()
        })
        .await
        .map(drop)
    }

    async fn delete_change_set(&self, at: &At, stack: &StackName, name: &str) -> Result<()> {
        let answer = self
            .call(at, Operation::DeleteChangeSet, |clients| {
                clients.cloudformation.delete_change_set().stack_name(stack.as_str()).change_set_name(name).send()
            })
            .await;
        found(answer).map(drop)
    }

    async fn delete_stack(&self, at: &At, stack_id: &str, token: &str) -> Result<()> {
        self.call(at, Operation::DeleteStack, |clients| {
            clients.cloudformation.delete_stack().stack_name(stack_id).client_request_token(token).send()
        })
        .await
        .map(drop)
    }

    async fn cancel_update(&self, at: &At, stack: &StackName, token: &str) -> Result<()> {
        self.call(at, Operation::CancelUpdateStack, |clients| {
            let call = clients.cloudformation.cancel_update_stack().stack_name(stack.as_str());
            call.client_request_token(token).send()
        })
        .await
        .map(drop)
    }

    async fn continue_rollback(&self, at: &At, stack: &StackName, skip: &[Arc<str>], token: &str) -> Result<()> {
        let skip: Vec<String> = skip.iter().map(ToString::to_string).collect();
        self.call(at, Operation::ContinueUpdateRollback, |clients| {
            let call = clients.cloudformation.continue_update_rollback().stack_name(stack.as_str());
            let skip = (!skip.is_empty()).then(|| skip.clone());
            call.set_resources_to_skip(skip).client_request_token(token).send()
        })
        .await
        .map(drop)
    }

    async fn rollback_stack(&self, at: &At, stack: &StackName, token: &str) -> Result<()> {
        self.call(at, Operation::RollbackStack, |clients| {
            let call = clients.cloudformation.rollback_stack().stack_name(stack.as_str());
            call.client_request_token(token).send()
        })
        .await
        .map(drop)
    }

    async fn set_protection(&self, at: &At, stack: &StackName, on: bool) -> Result<()> {
        self.call(at, Operation::UpdateTerminationProtection, |clients| {
            let call = clients.cloudformation.update_termination_protection().stack_name(stack.as_str());
            call.enable_termination_protection(on).send()
        })
        .await
        .map(drop)
    }

    async fn restore_service(&self, at: &At, arn: &str, settings: &ServiceSettings) -> Result<()> {
        self.put_settings(at, arn, settings).await
    }

    async fn continue_service_deployment(
        &self,
        at: &At,
        deployment: &str,
        hook: &str,
        answer: HookAnswer,
    ) -> Result<()> {
        let action = match answer {
            HookAnswer::Continue => DeploymentLifecycleHookAction::Continue,
            HookAnswer::Rollback => DeploymentLifecycleHookAction::Rollback,
        };
        self.call(at, Operation::ContinueServiceDeployment, |clients| {
            let call = clients.ecs.continue_service_deployment().service_deployment_arn(deployment);
            call.hook_id(hook).action(action.clone()).send()
        })
        .await
        .map(drop)
    }

    async fn run_task(&self, at: &At, request: &RunTaskRequest) -> Result<Arc<str>> {
        self.run_one_task(at, request).await
    }

    async fn stop_task(&self, at: &At, cluster: &str, task: &str, reason: &str) -> Result<()> {
        self.stop_one_task(at, cluster, task, reason).await
    }
}

fn parameters(request: &ChangeSetRequest) -> Vec<cfn::Parameter> {
    let one =
        |(key, value): (&String, &String)| cfn::Parameter::builder().parameter_key(key).parameter_value(value).build();
    request.parameters.iter().map(one).collect()
}

fn tags(request: &ChangeSetRequest) -> Vec<cfn::Tag> {
    request.tags.iter().map(|(key, value)| cfn::Tag::builder().key(key).value(value).build()).collect()
}
