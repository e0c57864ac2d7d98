//! Other people's clients: the AWS command line, the CDK, SAM, sceptre, awscfncli2 and Ansible, each driven by `drive.py`.
//!
//! Every run creates a stack with each, and sees that the same again changes nothing. With `LANDFALL_CLIENTS`, as in the nightly
//! run, they also update it, let an update fail and roll back, and delete it.

use landfall::sim::documented_limits;

use super::wire::{drive, tools};

/// Installed clients deploy. Those that are missing are named, and skipped.
async fn client(name: &'static [&'static str; 1]) {
    let Some(tools) = tools() else { return };
    let folders = ["venv/bin", "node/node_modules/.bin", "clients/bin", "sam/bin"];
    let program = if name[0] == "ansible" { "ansible-playbook" } else { name[0] };
    if folders.iter().any(|folder| tools.parent().unwrap().join(folder).join(program).exists()) {
        drive("drive.py", name, documented_limits()).await;
    } else {
        eprintln!("skipped: there is no {program} beside LANDFALL_TOOLS");
    }
}

#[tokio::test]
async fn the_aws_command_line_deploys() {
    client(&["aws"]).await;
}

#[tokio::test]
async fn the_cdk_deploys() {
    client(&["cdk"]).await;
}

#[tokio::test]
async fn the_cdk_imports_and_explains_what_is_refused() {
    let Some(tools) = tools() else { return };
    if tools.parent().unwrap().join("node/node_modules/.bin/cdk").exists() {
        drive("cdk_import.py", &[], documented_limits()).await;
    } else {
        eprintln!("skipped: there is no cdk beside LANDFALL_TOOLS");
    }
}

#[tokio::test]
async fn sam_deploys() {
    client(&["sam"]).await;
}

#[tokio::test]
async fn sceptre_deploys() {
    client(&["sceptre"]).await;
}

#[tokio::test]
async fn awscfncli2_deploys() {
    client(&["cfn-cli"]).await;
}

#[tokio::test]
async fn ansible_deploys() {
    client(&["ansible"]).await;
}
