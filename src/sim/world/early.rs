//! Pre-deployment validation: what CloudFormation finds wrong before it changes anything.
//!
//! \[doc: "Validate stack deployments"\] Properties are compared with the schemas of their types, and the names of new resources
//! with what exists; either fails a change set, or the operation of CreateStack and UpdateStack. That a bucket which is to be
//! deleted is not empty is a warning, only in change sets. Details are shown by DescribeEvents alone. Deliberately absent: the
//! checks of quotas, of recorders of Config, and of images in repositories, none of which the account has.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::World;
use super::change_set::{Change, ChangeSet};
use super::eval::AFTER_APPLY;
use super::ids::uuid_of;
use super::imports::written_identifier;
use super::nested_sets::after;
use super::refusal::{schema_faults_of, schema_words};
use super::stack::{Event, Shape, Stack};
use super::types;
use crate::cfn::{SchemaFault, SchemaProblem};
use crate::model::Place;

/// Types of AWS whose resources are not validated. \[doc: "Resource limitations", as far as the account knows them, but for
/// `Logs::LogGroup` and `IAM::Policy`, which users report to be validated\]
const NOT_VALIDATED: &str = "ApiGatewayV2::Stage AppMesh::Mesh AppSync::GraphQLSchema CertificateManager::Certificate \
    CloudFormation::Stack CloudFormation::WaitCondition CloudFormation::WaitConditionHandle \
    CloudFront::CachePolicy CodeBuild::Project CodeCommit::Repository Config::ConfigurationRecorder \
    Config::DeliveryChannel DirectoryService::MicrosoftAD EC2::EIPAssociation EC2::FlowLog EC2::SecurityGroup \
    EC2::SecurityGroupEgress EC2::SecurityGroupIngress EC2::SubnetRouteTableAssociation \
    EC2::VPCDHCPOptionsAssociation EC2::VPCGatewayAttachment ECR::Repository ECS::Cluster ECS::Service \
    ECS::TaskDefinition EFS::AccessPoint EFS::FileSystem EMR::Cluster ElastiCache::ReplicationGroup \
    ElastiCache::SubnetGroup ElasticLoadBalancing::LoadBalancer ElasticLoadBalancingV2::Listener \
    ElasticLoadBalancingV2::ListenerCertificate IAM::Group IAM::Role IAM::User IoT::PolicyPrincipalAttachment \
    IoT::ThingPrincipalAttachment KMS::Alias KMS::Key KinesisFirehose::DeliveryStream Lambda::EventSourceMapping \
    Neptune::DBCluster Neptune::DBClusterParameterGroup Neptune::DBInstance Neptune::DBParameterGroup \
    Neptune::DBSubnetGroup RDS::DBCluster RDS::DBInstance RDS::DBParameterGroup RDS::DBSubnetGroup \
    Route53::HostedZone Route53::RecordSet S3::BucketPolicy SNS::Subscription SNS::Topic SNS::TopicPolicy \
    SQS::QueuePolicy SSM::Association ServiceCatalog::Portfolio ServiceCatalog::PortfolioProductAssociation \
    ServiceCatalog::TagOptionAssociation ServiceDiscovery::HttpNamespace ServiceDiscovery::PrivateDnsNamespace \
    ServiceDiscovery::PublicDnsNamespace ServiceDiscovery::Service StepFunctions::StateMachine WAFv2::WebACL";

fn is_validated(kind: &str) -> bool {
    let own = kind.strip_prefix("AWS::").unwrap_or(kind);
    !types::is_custom(kind) && NOT_VALIDATED.split_whitespace().all(|other| other != own)
}

/// What an event says that belongs to the validation of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// `PROPERTY_VALIDATION`, `NAME_CONFLICT_VALIDATION`, `BUCKET_EMPTINESS_VALIDATION`.
    pub name: &'static str,
    /// Whether it fails the operation, rather than warn.
    pub fails: bool,
    pub reason: String,
    /// Where in the template.
    pub path: String,
}

/// What an event says that belongs to the creation of a change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOperation {
    /// The id of the change set.
    pub id: String,
    /// Whether it failed; none for an event that is not the operation's own.
    pub failed: Option<bool>,
    /// When it began.
    pub begun: jiff::Timestamp,
}

/// The reason of what fails because of its validation. \[reports\]
fn reason(found: &[Found]) -> Option<String> {
    let failing = |name: &str| found.iter().any(|one| one.validation.fails && one.validation.name == name);
    let hooks = [
        ("NAME_CONFLICT_VALIDATION", "AWS::EarlyValidation::ResourceExistenceCheck"),
        ("PROPERTY_VALIDATION", "AWS::EarlyValidation::PropertyValidation"),
    ];
    let hooks: Vec<&str> = hooks.into_iter().filter(|(name, _)| failing(name)).map(|(_, hook)| hook).collect();
    (!hooks.is_empty()).then(|| {
        format!(
            "The following hook(s)/validation failed: [{}]. To troubleshoot Early Validation errors, use the DescribeEvents API for \
             detailed failure information.",
            hooks.join(", ")
        )
    })
}

/// Whether a reason is that of a validation.
pub(super) fn is_early(reason: &str) -> bool {
    reason.contains("[AWS::EarlyValidation::")
}

/// Something that a validation found.
struct Found {
    logical: String,
    physical_id: Option<String>,
    kind: String,
    validation: Validation,
}

impl Found {
    fn of(row: &Change, name: &'static str, fails: bool, reason: String, path: String) -> Self {
        let (logical, kind) = (row.logical.clone(), row.kind.clone());
        let validation = Validation { name, fails, reason, path };
        Self { logical, physical_id: row.physical_id.clone(), kind, validation }
    }

    fn event(&self, id: String, at: jiff::Timestamp, operation: Arc<str>) -> Event {
        Event {
            id,
            at,
            logical: self.logical.clone(),
            physical_id: self.physical_id.clone(),
            kind: self.kind.clone(),
            status: String::new(),
            reason: None,
            properties: None,
            token: None,
            operation: Some(operation),
            set: None,
            validation: Some(self.validation.clone()),
            hook: None,
        }
    }
}

impl World {
    /// Validates a change set by its rows, and remembers what it found and how the change set ended for DescribeEvents. The error
    /// is the reason of a failed change set.
    pub(super) fn validate_set(
        &mut self,
        place: &Place,
        stack: &mut Stack,
        set: &ChangeSet,
        rows: &[Change],
    ) -> Result<(), String> {
        if !set.validates {
            return Ok(());
        }
        let mut found = self.found(place, &set.shape, rows);
        found.extend(rows.iter().filter_map(|row| self.bucket_is_full(place, row)));
        let operation = set.operation();
        for one in &found {
            let set = SetOperation { id: set.id.clone(), failed: None, begun: set.created };
            let event = one.event(self.ids.uuid(), self.now, operation.clone());
            stack.findings.push(Event { set: Some(set), ..event });
        }
        reason(&found).map_or(Ok(()), Err)
    }

    /// Validates what a stack was just asked to become, and lets its operation fail for what is wrong.
    pub(super) fn validate_operation(&mut self, place: &Place, id: &str, skips: bool) {
        let Some(stack) = self.stack_by_id(place, id).filter(|_| !skips) else { return };
        let Some(operation) = stack.operations.last().map(|(_, id)| id.clone()) else { return };
        let Ok(rows) = self.changes(place, stack, &stack.shape) else { return };
        let found = self.found(place, &stack.shape, &rows);
        let events: Vec<Event> =
            found.iter().map(|one| one.event(self.ids.uuid(), self.now, operation.clone())).collect();
        let Some(stack) = self.region(place).stacks.get_mut(id) else { return };
        stack.findings.extend(events);
        if let Some(operation) = &mut stack.operation {
            operation.invalid = operation.invalid.take().or_else(|| reason(&found));
        }
    }

    fn found(&self, place: &Place, shape: &Shape, rows: &[Change]) -> Vec<Found> {
        let mut found = Vec::new();
        for row in rows.iter().filter(|row| matches!(row.action, "Add" | "Modify" | "Import")) {
            if !is_validated(&row.kind) {
                continue;
            }
            let properties = after(row);
            let taken = self.name_is_taken(place, row, &properties);
            let path = || format!("/Resources/{}", row.logical);
            found.extend(taken.map(|words| Found::of(row, "NAME_CONFLICT_VALIDATION", true, words, path())));
            let Some(definition) = shape.template.resources.get(&row.logical) else { continue };
            for fault in schema_faults_of(&shape.template, definition, &properties) {
                let Some(words) = property_words(&fault) else { continue };
                found.push(Found::of(row, "PROPERTY_VALIDATION", true, words, path() + place_of(&fault)));
            }
        }
        found
    }

    /// \[?\] Only a name that is the whole primary identifier can be looked up.
    fn name_is_taken(&self, place: &Place, row: &Change, properties: &Map<String, Value>) -> Option<String> {
        let new = row.action == "Add" || row.replacement == Some("True");
        let info = types::find(&row.kind).filter(|_| new)?;
        let identifier = written_identifier(info, properties)?;
        let parts: Vec<&str> = info.id.iter().filter_map(|name| identifier.get(name)).map(String::as_str).collect();
        let id = parts.join("|");
        if parts.is_empty() || id.contains(AFTER_APPLY) || row.physical_id.as_ref() == Some(&id) {
            return None;
        }
        let taken = self.regions.get(place)?.taken.contains(&(row.kind.clone(), id.clone()));
        taken.then(|| format!("Resource of type '{}' with identifier '{id}' already exists.", row.kind))
    }

    fn bucket_is_full(&self, place: &Place, row: &Change) -> Option<Found> {
        let goes = row.action == "Remove" && row.policy == Some("Delete") || row.policy == Some("ReplaceAndDelete");
        let name = row.physical_id.as_ref().filter(|_| goes && row.kind == "AWS::S3::Bucket")?;
        self.bucket_has_objects(place, name).then(|| {
            // \[reports: rain#744\]
            let words = format!(
                "The bucket '{name}' is not empty. You must either delete all objects and versions or use the deletion policy to \
                 retain it, otherwise the delete operation will fail."
            );
            Found::of(row, "BUCKET_EMPTINESS_VALIDATION", false, words, format!("/Resources/{}", row.logical))
        })
    }
}

impl ChangeSet {
    /// The id of the operation that creates it.
    pub fn operation(&self) -> Arc<str> {
        uuid_of(&format!("{}/create", self.id)).into()
    }

    /// How its creation ended, as an event of DescribeEvents.
    pub(super) fn ended(&self, stack: &Stack, now: jiff::Timestamp) -> Event {
        let set = SetOperation { id: self.id.clone(), failed: Some(self.status == "FAILED"), begun: self.created };
        Event {
            id: uuid_of(&format!("{}/created", self.id)),
            at: now,
            logical: stack.name.clone(),
            physical_id: Some(stack.id.to_string()),
            kind: "AWS::CloudFormation::Stack".to_owned(),
            status: String::new(),
            reason: None,
            properties: None,
            token: None,
            operation: Some(self.operation()),
            set: Some(set),
            validation: None,
            hook: None,
        }
    }
}

/// The part of a resource that a fault is about. What is extraneous is said of the whole that has it.
fn place_of(fault: &SchemaFault) -> &str {
    match (&fault.problem, fault.pointer.rsplit_once('/')) {
        (SchemaProblem::UnknownProperty { .. }, Some((whole, _))) => whole,
        _ => &fault.pointer,
    }
}

/// \[reports: aws/aws-cdk-cli#1463 and others\] Others are said as when a resource fails. \[?\]
fn property_words(fault: &SchemaFault) -> Option<String> {
    Some(match &fault.problem {
        SchemaProblem::Missing { name } => format!("Required property [{name}] not found"),
        SchemaProblem::UnknownProperty { name, .. } => format!("Unsupported property [{name}]"),
        SchemaProblem::NotOneOf { value, allowed } => {
            format!("{value} is not a valid enum value. Supported values: [{}]", allowed.join(", "))
        }
        _ => return schema_words(fault),
    })
}
