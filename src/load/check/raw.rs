//! Steps of kind `cloudformation` against their templates.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::ProcessFile;
use super::super::schema::process::StackEntry;
use super::super::template::TemplateDraft;
use super::super::what::WhatDrafts;
use super::super::world::World;

/// Runs something for each step whose template could be read.
fn each(drafts: &WhatDrafts, mut run: impl FnMut(&Draft<ProcessFile>, &StackEntry, &TemplateDraft)) {
    let Some(process) = &drafts.process else { return };
    for entry in process.doc.step.iter().filter_map(|step| step.stack()) {
        if let Some(template) = drafts.template(&entry.template) {
            run(process, entry, template);
        }
    }
}

fn declared(template: &TemplateDraft) -> Option<&Map<String, Value>> {
    template.document.section("Parameters").and_then(Value::as_object)
}

/// Every value is for a declared parameter, and every parameter without a default has one.
pub(super) fn parameters_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each(drafts, |process, entry, template| {
        let nothing = Map::new();
        let declared = declared(template).unwrap_or(&nothing);
        for (name, written) in entry.parameters.iter().filter(|(name, _)| !declared.contains_key(*name)) {
            let title = format!("template `{}` has no parameter `{name}`", *entry.template);
            let finding = Finding::new(codes::TEMPLATE_PARAMETER, &process.file, written.span(), title)
                .label("no such parameter")
                .suggest(name, declared.keys().map(String::as_str));
            findings.push(finding);
        }
        for (name, body) in declared {
            if body.get("Default").is_none() && !entry.parameters.contains_key(name) {
                let title =
                    format!("parameter `{name}` of template `{}` has neither a value nor a default", *entry.template);
                let finding = Finding::new(codes::TEMPLATE_PARAMETER, &process.file, entry.template.span(), title)
                    .label(format!("no `{name}` under [step.parameters]"))
                    .related(&template.file, template.parameter(name), "declared here");
                findings.push(finding);
            }
        }
    });
}

/// No parameter that is declared NoEcho has a value in the template: a reference is none, and neither is an empty text.
pub(super) fn defaults_are_no_secrets(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    each(drafts, |_, entry, template| {
        if !seen.insert(entry.template.as_str().to_owned()) {
            return;
        }
        for (name, body) in declared(template).into_iter().flatten() {
            let secret = match body.get("NoEcho") {
                Some(Value::Bool(flag)) => *flag,
                Some(Value::String(flag)) => flag.eq_ignore_ascii_case("true"),
                _ => false,
            };
            let written = match body.get("Default") {
                None | Some(Value::Null) => false,
                Some(Value::String(text)) => !text.is_empty() && !is_reference(text),
                Some(_) => true,
            };
            if secret && written {
                let title = format!("parameter `{name}` is declared NoEcho, and its default is in the template");
                let finding = Finding::new(codes::SECRET_PARAMETER, &template.file, template.parameter(name), title)
                    .label("secrets must not be in the repository")
                    .help(format!(
                        "remove `Default` and set `{name} = \"{{{{resolve:secretsmanager:<ARN of the \
                             secret>:SecretString:<key>}}}}\"` under [step.parameters]; if it is not a secret, accept this in project.toml"
                    ));
                findings.push(finding.about(&[name]).acceptable());
            }
        }
    });
}

/// Whether CloudFormation looks the value up.
fn is_reference(text: &str) -> bool {
    text.starts_with("{{resolve:") && text.ends_with("}}")
}

/// Every image is one of `[images]`, and every container one of the template.
pub(super) fn images_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each(drafts, |process, entry, template| {
        for (container, written) in &entry.images {
            if !process.doc.images.contains_key(written.as_str()) {
                let title = format!("container `{container}` names an image that does not exist");
                let finding = Finding::new(codes::UNKNOWN_IMAGE, &process.file, written.span(), title)
                    .label(format!("no [images.{}] in this file", **written))
                    .suggest(written, process.doc.images.keys().map(String::as_str));
                findings.push(finding);
            }
            let own = template.containers.get(container.as_str()).and_then(Option::as_ref);
            if let Some(own) = own.filter(|own| own.image.as_str() != written.as_str()) {
                let title = format!("the template already gives container `{container}` the image `{}`", own.image);
                let bytes = template.placeholder(&format!("images.{}", own.image));
                let finding = Finding::new(codes::INVALID_VALUE, &process.file, written.span(), title)
                    .label("a different image")
                    .related(&template.file, bytes, "here")
                    .help("success is proved with the template's image: remove this line");
                findings.push(finding);
            }
            // A name that is put together, or made by a macro, is not known here.
            let all = template.all_containers && !template.containers.contains_key(container.as_str());
            if all {
                let title = format!("template `{}` has no container `{container}`", *entry.template);
                let finding = Finding::new(codes::UNKNOWN_CONTAINER, &process.file, written.span(), title)
                    .label("not the name of a container in a task definition")
                    .suggest(container, template.containers.keys().map(|name| &**name));
                findings.push(finding);
            }
        }
        let services = template.document.resources().any(|resource| resource.kind() == "AWS::ECS::Service");
        let said = |container: &str| entry.images.keys().any(|known| known.as_str() == container);
        for (container, bytes) in template.unproved.iter().filter(|(container, _)| services && !said(container)) {
            let title = format!("landfall cannot prove which image container `{container}` runs");
            let help = format!(
                "write `#{{images.<name>}}` alone, or say under [step.images] `{container} = \"<name>\"`; containers of several task \
                 definitions need different names if their images differ"
            );
            let finding = Finding::new(codes::UNPROVED_IMAGE, &template.file, bytes.clone(), title);
            let finding = finding.about(&[container]);
            findings.push(finding.label("not exactly one image of [images]").help(help));
        }
        for (id, bytes) in template.express_images() {
            let title = format!("landfall cannot prove which image `{id}` runs: it is an ExpressGatewayService");
            let finding = Finding::new(codes::UNPROVED_IMAGE, &template.file, bytes, title).about(&[id]);
            let help = "a deployment succeeds as soon as CloudFormation says so; a step of kind `ecs-service` waits for the tasks";
            findings.push(finding.label("not proved").help(help));
        }
        for image in template.containers.values().flatten() {
            if !process.doc.images.contains_key(image.image.as_str()) {
                let title = format!("the template uses an image `{}` that does not exist", image.image);
                let bytes = template.placeholder(&format!("images.{}", image.image));
                let finding = Finding::new(codes::UNKNOWN_IMAGE, &template.file, bytes, title)
                    .label(format!("no [images.{}] in process.toml", image.image))
                    .suggest(image.image.as_str(), process.doc.images.keys().map(String::as_str));
                findings.push(finding);
            }
        }
    });
}

/// What is run is a task definition of the template.
pub(super) fn runs_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each(drafts, |process, entry, template| {
        let Some(run) = &entry.run else { return };
        let definitions = template.document.resources().filter(|one| one.kind() == "AWS::ECS::TaskDefinition");
        let known: Vec<&str> = definitions.map(|resource| resource.id).collect();
        // The result of a macro is unknown.
        if known.contains(&run.task_definition.as_str()) || template.document.section("Transform").is_some() {
            return;
        }
        let title = format!("template `{}` has no task definition `{}`", *entry.template, *run.task_definition);
        let finding = Finding::new(codes::TASK_RUN, &process.file, run.task_definition.span(), title)
            .label("no AWS::ECS::TaskDefinition has this id")
            .suggest(&run.task_definition, known);
        findings.push(finding);
    });
}

/// Every file in `templates/` is used by a step of the head. Files for people next to them are not reported.
pub(super) fn templates_are_used(world: &World, findings: &mut Vec<Finding>) {
    for (name, project) in &world.projects {
        let Some(files) = world.drafts.projects.get(name) else { continue };
        let Some(process) = &project.head.drafts.process else { continue };
        let used: BTreeSet<&str> =
            process.doc.step.iter().filter_map(|step| Some(step.stack()?.template.as_str())).collect();
        let harmless =
            |path: &str| path.rsplit('/').next().is_some_and(|file| file.starts_with('.') || file.ends_with(".md"));
        for template in files.templates.iter().filter(|path| !used.contains(&***path) && !harmless(path)) {
            let path: Arc<str> = Arc::from(format!("projects/{name}/templates/{template}"));
            let title = format!("no step uses the template `{path}`");
            findings.push(Finding::whole(codes::UNUSED_TEMPLATE, &path, title));
        }
    }
}
