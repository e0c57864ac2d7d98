//! What becomes of answers: sorted errors, what is sent again and what never, pages, and answers that make no sense.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use landfall::aws::operation::METHODS;
use landfall::aws::{AwsCloud, Operation, RolePattern};
use landfall::cloud::{
    At, Change, ChangeSetRequest, CloudError, Consequence, HookAnswer, LogStream, Observe, RunTaskRequest, ServiceSeen,
    TemplateObject, WhichTask,
};
use landfall::model::task::{RunConstraint, RunProvider, RunStrategy, RunsOn};
use landfall::model::{BucketName, Id, StackName, TaskRun};
use landfall::registry::Registry as _;

use super::canned::{Canned, Reply, answered, refusal};
use super::server::{at, cloud, options};

fn here() -> At {
    at("111111111111", "eu-west-1")
}

fn request() -> ChangeSetRequest {
    ChangeSetRequest {
        stack: StackName::seen("web"),
        name: "lf-1-1".into(),
        create: true,
        template: "{}".into(),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        capabilities: Vec::new(),
        token: "lf-0123456789abcdef-1-1".into(),
        reverts: false,
    }
}

fn object() -> TemplateObject {
    TemplateObject::of(BucketName::new("templates").unwrap(), &Id::new("acme").unwrap(), "{}")
}

fn html() -> Reply {
    Reply::Http(500, "<!doctype html>\n<html lang=en><title>500 Internal Server Error</title>".to_owned())
}

fn created() -> Reply {
    answered("CreateChangeSet", "<Id>arn:set</Id><StackId>arn:stack</StackId>")
}

fn stack(name: &str, more: &str) -> String {
    format!(
        "<member><StackName>{name}</StackName><StackId>arn:{name}</StackId>\
         <CreationTime>2026-11-22T10:00:00Z</CreationTime>{more}</member>"
    )
}

fn complete(name: &str) -> String {
    stack(name, "<StackStatus>CREATE_COMPLETE</StackStatus>")
}

/// Asks for all stacks of a server that says this.
async fn listing(replies: Vec<Reply>) -> (Result<Vec<String>, CloudError>, usize) {
    let server = Canned::new(replies);
    let stacks = cloud(&server.endpoint).stacks(&here()).await;
    (stacks.map(|stacks| stacks.iter().map(|stack| stack.name.to_string()).collect()), server.asked().len())
}

/// Asks for a change set from a server that says this.
async fn change(replies: Vec<Reply>) -> (Result<(), CloudError>, usize) {
    let server = Canned::new(replies);
    let outcome = cloud(&server.endpoint).create_change_set(&here(), &request()).await;
    let asked = server.asked();
    assert!(asked.iter().all(|body| body.contains("ClientToken=lf-0123456789abcdef-1-1")), "{asked:?}");
    (outcome, asked.len())
}

#[tokio::test]
async fn a_nested_stack_is_no_stack_of_its_own() {
    let nested = stack("shop-Inner", "<StackStatus>CREATE_COMPLETE</StackStatus><ParentId>arn:shop</ParentId>");
    let page = answered("DescribeStacks", &format!("<Stacks>{}{nested}</Stacks>", complete("shop")));
    assert_eq!(listing(vec![page]).await.0.unwrap(), ["shop"]);
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_an_error_and_never_an_empty_list() {
    let one = |inside: &str| answered("DescribeStacks", &format!("<Stacks>{inside}</Stacks>"));
    let nonsense = [
        (html(), "HTTP status 500, `<!doctype html> <html lang=en>"),
        (Reply::Http(200, String::new()), "an empty body"),
        (Reply::Http(200, "{\"Stacks\": []}".to_owned()), "`{\"Stacks\": []}`"),
        (answered("ListStacks", "<Stacks/>"), "expected DescribeStacksResponse"),
        (answered("DescribeStacks", ""), "the answer has no Stacks"),
        (one(&stack("web", "")), "the answer has no StackStatus"),
        (one(&stack("web", "<StackStatus>DANCING</StackStatus>")), "does not know the status DANCING"),
        (one(&complete("")), "the answer has no StackName"),
    ];
    for (reply, says) in nonsense {
        match listing(vec![reply]).await.0 {
            Err(error @ CloudError::Lost { .. }) => assert!(error.to_string().contains(says), "{error}"),
            other => panic!("{says}: {other:?}"),
        }
    }
    assert_eq!(listing(vec![one("")]).await.0, Ok(Vec::new()));
}

#[tokio::test]
async fn a_read_is_tried_again_until_it_succeeds() {
    let fine = answered("DescribeStacks", &format!("<Stacks>{}</Stacks>", complete("web")));
    let throttled = refusal(400, "Throttling", "Rate exceeded");
    let (stacks, asked) = listing(vec![throttled, html(), Reply::Close, fine]).await;
    assert_eq!((stacks, asked), (Ok(vec!["web".to_owned()]), 4));
}

#[tokio::test]
async fn a_read_is_not_tried_for_ever() {
    let (stacks, asked) = listing(vec![refusal(503, "ServiceUnavailable", "later")]).await;
    assert!(matches!(stacks, Err(CloudError::Failing { .. })), "{stacks:?}");
    assert_eq!(asked, 4);
}

#[tokio::test]
async fn a_change_whose_reply_is_lost_is_not_sent_again() {
    for reply in [
        Reply::Close,
        Reply::CutShort,
        html(),
        refusal(500, "InternalFailure", "oops"),
        Reply::Http(200, String::new()),
    ] {
        let (outcome, asked) = change(vec![reply, created()]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.consequence(), asked), (Consequence::Unknown, 1), "{error}");
    }
}

#[tokio::test]
async fn a_change_that_takes_too_long_to_answer_is_lost() {
    let server = Canned::new(vec![Reply::Silence]);
    let mut hasty = options(&server.endpoint);
    hasty.read_timeout = Duration::from_millis(300);
    let error = AwsCloud::new(hasty).create_change_set(&here(), &request()).await.unwrap_err();
    assert_eq!((error.consequence(), server.asked().len()), (Consequence::Unknown, 1), "{error}");
}

#[tokio::test]
async fn a_change_that_certainly_was_not_carried_out_is_sent_again() {
    let (outcome, asked) = change(vec![refusal(400, "Throttling", "Rate exceeded"), created()]).await;
    assert_eq!((outcome, asked), (Ok(()), 2));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let outcome = cloud(&format!("http://127.0.0.1:{port}")).create_change_set(&here(), &request()).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, CloudError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn codes_are_sorted_by_what_follows_from_them() {
    let said = |code: &str, message: &str| (refusal(400, code, message), format!("{message} ({code})"));
    let rows = [
        (said("AccessDenied", "not authorized to perform: cloudformation:CreateChangeSet"), "denies"),
        (said("ExpiredToken", "The security token is expired"), "have expired"),
        (said("SignatureDoesNotMatch", "Signature expired: 20261122T0000Z is now earlier than 1"), "rejects the date"),
        (said("RequestExpired", "Request has expired"), "rejects the date"),
        (said("SignatureDoesNotMatch", "The request signature we calculated does not match"), "usable credentials"),
        (said("InvalidClientTokenId", "The security token included in the request is invalid."), "usable credentials"),
        (said("AlreadyExistsException", "ChangeSet lf-1-1 already exists"), "CreateChangeSet: ChangeSet"),
        (said("TokenAlreadyExistsException", "used"), "the token was used before"),
        (said("ValidationError", "Stack [web] does not exist"), "CreateChangeSet: Stack"),
        (
            said("ValidationError", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated."),
            "not possible now",
        ),
        (said("InvalidChangeSetStatus", "OBSOLETE"), "not possible now"),
        (said("ValidationError", "Template format error"), "rejects"),
        (said("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"), "rejects"),
        (said("LimitExceededException", "too many stacks"), "rejects"),
    ];
    for ((reply, sentence), says) in rows {
        let (outcome, asked) = change(vec![reply]).await;
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(says) && error.contains(&sentence), "{says}: {error}");
        assert_eq!(asked, 1, "{error}");
    }
}

#[tokio::test]
async fn every_page_is_read_and_a_page_that_repeats_is_an_error() {
    let page = |name: &str, next: &str| {
        let next = if next.is_empty() { String::new() } else { format!("<NextToken>{next}</NextToken>") };
        answered("DescribeStacks", &format!("<Stacks>{}</Stacks>{next}", complete(name)))
    };
    let (stacks, asked) = listing(vec![page("a", "2"), page("b", "3"), page("c", "")]).await;
    assert_eq!((stacks, asked), (Ok(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]), 3));
    let (stacks, asked) = listing(vec![page("a", "2")]).await;
    assert!(stacks.unwrap_err().to_string().contains("again and again"));
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn events_are_read_no_further_than_the_operation_goes() {
    let page = |tokens: &[&str], next: &str| {
        let event = |token: &&str| {
            format!(
                "<member><EventId>e</EventId><Timestamp>2026-11-22T10:00:00Z</Timestamp>\
                 <ClientRequestToken>{token}</ClientRequestToken></member>"
            )
        };
        let events: String = tokens.iter().map(event).collect();
        answered("DescribeStackEvents", &format!("<StackEvents>{events}</StackEvents><NextToken>{next}</NextToken>"))
    };
    let pages = vec![page(&["cancel", "cancel"], "2"), page(&["ours", "ours"], "3"), page(&["ours", "old"], "4")];
    let server = Canned::new(pages);
    let events = cloud(&server.endpoint).events(&here(), "arn:web", "ours").await.unwrap();
    let tokens: Vec<_> = events.iter().filter_map(|event| event.token.as_deref()).collect();
    assert_eq!(tokens, ["cancel", "cancel", "ours", "ours", "ours"]);
    assert_eq!(server.asked().len(), 3);

    // An operation without events yet does not make us read the whole history.
    let server = Canned::new(vec![page(&["5", "4", "3", "2", "1"], "2")]);
    assert_eq!(cloud(&server.endpoint).events(&here(), "arn:web", "ours").await, Ok(Vec::new()));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_hook_that_fails_an_operation_is_an_event_that_says_why_and_one_that_warns_is_not() {
    let event = |mode: &str| {
        format!(
            "<member><EventId>e</EventId><Timestamp>2026-11-22T10:00:00Z</Timestamp>\
             <ClientRequestToken>ours</ClientRequestToken><LogicalResourceId>Logs</LogicalResourceId>\
             <ResourceType>AWS::Logs::LogGroup</ResourceType><HookType>Example::Guard::Hook</HookType>\
             <HookStatus>HOOK_COMPLETE_FAILED</HookStatus><HookStatusReason>needs a key</HookStatusReason>\
             <HookFailureMode>{mode}</HookFailureMode></member>"
        )
    };
    let page =
        answered("DescribeStackEvents", &format!("<StackEvents>{}{}</StackEvents>", event("FAIL"), event("WARN")));
    let server = Canned::new(vec![page]);
    let events = cloud(&server.endpoint).events(&here(), "arn:web", "ours").await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.status.as_str(), event.reason.as_deref())).collect();
    let says = Some("the Hook Example::Guard::Hook says: needs a key");
    assert_eq!(told, [("HOOK_COMPLETE_FAILED", says), ("", None)]);
}

#[tokio::test]
async fn a_change_set_of_many_pages_is_one() {
    let page = |resource: &str, next: &str| {
        let row = format!(
            "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><Replacement>True</Replacement>\
             <LogicalResourceId>{resource}</LogicalResourceId><ResourceType>AWS::Logs::LogGroup</ResourceType>\
             <Details><member><Target><Attribute>Properties</Attribute><Name>LogGroupName</Name>\
             <RequiresRecreation>Always</RequiresRecreation><BeforeValue>a</BeforeValue><AfterValue>b</AfterValue>\
             </Target><Evaluation>Dynamic</Evaluation></member></Details></ResourceChange></member>"
        );
        let head = "<ChangeSetName>lf-1-1</ChangeSetName><ChangeSetId>arn:set</ChangeSetId><StackId>arn:web</StackId>\
                    <Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>";
        answered("DescribeChangeSet", &format!("{head}<Changes>{row}</Changes><NextToken>{next}</NextToken>"))
    };
    let server = Canned::new(vec![page("A", "2"), page("B", "")]);
    let set = cloud(&server.endpoint).change_set(&here(), "web", "lf-1-1").await.unwrap().unwrap();
    let rows: Vec<_> = set.changes.iter().map(|row| &*row.change.resource).collect();
    assert_eq!(rows, ["A", "B"]);
    let cause = &set.changes[0].causes[0];
    assert_eq!((cause.name.as_str(), cause.recreates.as_str(), cause.certain), ("LogGroupName", "Always", false));
    assert_eq!((cause.before.as_deref(), cause.after.as_deref()), (Some("a"), Some("b")));
}

/// What the port takes for a change is what the table says.
#[test]
fn what_changes_something_is_known_by_its_name() {
    for operation in Operation::ALL {
        assert_eq!(landfall::cloud::changes(operation.as_str()), operation.changes(), "{operation:?}");
    }
}

/// What `landfall iam` grants is what is called.
#[tokio::test]
async fn each_method_calls_what_the_table_says() {
    for (method, operations) in METHODS {
        let server = Canned::new(vec![refusal(400, "ValidationError", "Template format error")]);
        let cloud = cloud(&server.endpoint);
        call(&cloud, method).await;
        let called: Vec<Operation> = cloud
            .calls()
            .into_keys()
            .filter(|&one| one != Operation::GetCallerIdentity || *method == "identity")
            .collect();
        assert_eq!(called, operations[..1], "{method}");
    }
    let listed: Vec<Operation> = METHODS.iter().flat_map(|(_, operations)| operations.iter().copied()).collect();
    assert!(Operation::ALL.iter().all(|operation| listed.contains(operation)));
}

/// A repository in ECR.
const REPOSITORY: &str = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/web";

/// A task on instances, by a strategy over capacity providers.
fn run_task() -> RunTaskRequest {
    let provider = |name: &str| RunProvider { provider: name.into(), weight: Some(1), base: None };
    let run = TaskRun {
        definition: "Task".into(),
        cluster: "main".into(),
        on: RunsOn::Providers(vec![provider("spot"), provider("own")]),
        platform_version: None,
        network: None,
        constraints: vec![RunConstraint { kind: "memberOf".into(), expression: Some("attribute:a == b".into()) }],
        strategies: vec![RunStrategy { kind: "binpack".into(), field: Some("memory".into()) }],
        execute_command: true,
        managed_tags: true,
        propagate_tags: true,
        tags: BTreeMap::new(),
        limit: 60,
        repeatable: false,
    };
    RunTaskRequest { definition: "arn:definition:1".into(), run, token: "lf-1".into() }
}

/// What RunTask ends with when ECS answers with this.
async fn run_answered(status: u16, body: &str) -> CloudError {
    let server = Canned::new(vec![Reply::Http(status, body.to_owned())]);
    cloud(&server.endpoint).run_task(&here(), &run_task()).await.unwrap_err()
}

/// Fargate's words come in a failure without an ARN; a full quota of tasks that wait for instances is an error.
#[tokio::test]
async fn a_task_without_room_waits_for_it() {
    let fargate = "Capacity is unavailable at this time. Please try again later or in a different availability zone";
    let failure =
        |reason: &str| format!(r#"{{"tasks": [], "failures": [{{"reason": "{reason}", "detail": "4 GiB"}}]}}"#);
    for reason in
        ["RESOURCE:MEMORY", "RESOURCE:ENI", "AGENT", fargate, "You've reached the limit on the number of vCPUs"]
    {
        let refused = run_answered(200, &failure(reason)).await;
        let CloudError::Conflict { message, .. } = &refused else { panic!("it should wait for room: {refused:?}") };
        assert_eq!(*message, format!("no capacity for the task: {reason} (4 GiB)"));
    }
    let error = |code: &str, words: &str| format!(r#"{{"__type": "{code}", "message": "{words}"}}"#);
    for (status, code, words) in [
        (400, "ClientException", "Tasks provisioning capacity limit exceeded."),
        (400, "ClientException", fargate),
        (500, "ServerException", fargate),
    ] {
        let refused = run_answered(status, &error(code, words)).await;
        assert!(matches!(refused, CloudError::Conflict { .. }), "{words}: {refused:?}");
    }
}

#[tokio::test]
async fn a_task_that_no_room_would_help_is_refused() {
    let mixed = r#"{"tasks": [], "failures": [{"reason": "RESOURCE:CPU"}, {"reason": "ATTRIBUTE"}]}"#;
    let unknown = r#"{"__type": "ClientException", "message": "TaskDefinition not found."}"#;
    for (status, body) in [(200, mixed), (400, unknown)] {
        let refused = run_answered(status, body).await;
        assert!(matches!(refused, CloudError::Invalid { .. }), "{refused:?}");
    }
}

/// Calls a method of the ports by its name.
async fn call(cloud: &AwsCloud, method: &str) {
    let (at, stack, token) = (here(), StackName::seen("web"), "lf-0123456789abcdef-1-1");
    let service = ServiceSeen {
        arn: "arn:aws:ecs:eu-west-1:111111111111:service/main/web".into(),
        cluster: "arn:aws:ecs:eu-west-1:111111111111:cluster/main".into(),
        task_definition: "arn:task".into(),
        desired: 1,
        running: 1,
        events: Vec::new(),
        deployment: None,
        settings: BTreeMap::new(),
    };
    match method {
        "identity" => drop(cloud.identity(&at).await),
        "stacks" => drop(cloud.stacks(&at).await),
        "stack" => drop(cloud.stack(&at, "web").await),
        "template" => drop(cloud.template(&at, &stack).await),
        "change_set" => drop(cloud.change_set(&at, "web", "lf-1-1").await),
        "findings" => drop(cloud.findings(&at, "arn:set").await),
        "events" => drop(cloud.events(&at, "arn:web", token).await),
        "last_token" => drop(cloud.last_token(&at, "arn:web").await),
        "resources" => drop(cloud.resources(&at, "arn:web").await),
        "service" => drop(cloud.service(&at, &service.arn).await),
        "stopped_tasks" => drop(cloud.stopped_tasks(&at, &service).await),
        "settings" => drop(cloud.settings(&at, std::slice::from_ref(&service.arn)).await),
        "task_definition" => drop(cloud.task_definition(&at, "arn:task").await),
        "detect_drift" => drop(cloud.detect_drift(&at, "arn:web").await),
        "drift" => drop(cloud.drift(&at, "arn:web").await),
        "cluster" => drop(cloud.cluster(&at, "main").await),
        "bucket" => drop(cloud.bucket(&at, &BucketName::new("templates").unwrap()).await),
        "put_template" => drop(cloud.put_template(&at, &object(), "{}").await),
        "task" => {
            let which = WhichTask::StartedBy { token: token.into(), family: "web".into() };
            drop(cloud.task(&at, "main", &which).await);
        }
        "log_lines" => {
            let stream = LogStream { group: "web".into(), stream: "web/app/1".into() };
            drop(cloud.log_lines(&at, &stream, 40).await);
        }
        "run_task" => drop(cloud.run_task(&at, &run_task()).await),
        "stop_task" => drop(cloud.stop_task(&at, "main", "arn:task", "too long").await),
        "create_change_set" => drop(cloud.create_change_set(&at, &request()).await),
        "execute_change_set" => drop(cloud.execute_change_set(&at, &stack, "lf-1-1", token).await),
        "delete_change_set" => drop(cloud.delete_change_set(&at, &stack, "lf-1-1").await),
        "delete_stack" => drop(cloud.delete_stack(&at, "arn:web", token).await),
        "cancel_update" => drop(cloud.cancel_update(&at, &stack, token).await),
        "continue_rollback" => drop(cloud.continue_rollback(&at, &stack, &["A".into()], token).await),
        "rollback_stack" => drop(cloud.rollback_stack(&at, &stack, token).await),
        "continue_service_deployment" => {
            drop(cloud.continue_service_deployment(&at, "arn:deployment", "ecs-pause-1", HookAnswer::Continue).await);
        }
        "restore_service" => {
            let settings = [("VolumeConfigurations".to_owned(), serde_json::Value::Null)].into();
            drop(cloud.restore_service(&at, "arn:aws:ecs:eu-west-1:111111111111:service/main/web", &settings).await);
        }
        "set_protection" => drop(cloud.set_protection(&at, &stack, true).await),
        "tags" => drop(cloud.tags(REPOSITORY).await),
        "describe" => drop(cloud.describe(REPOSITORY, "1.0.0").await),
        other => panic!("the table has a method {other} that this test does not know"),
    }
}

#[tokio::test]
async fn calls_wait_for_the_budget_and_are_seen_waiting() {
    let server = Canned::new(vec![answered("DescribeStacks", "<Stacks/>")]);
    let mut slow = options(&server.endpoint);
    slow.cloudformation_rate = NonZeroU32::MIN;
    let cloud = AwsCloud::new(slow);
    let begin = Instant::now();
    let look = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        cloud.queue()
    };
    let at = here();
    let (one, two, three, queue) = tokio::join!(cloud.stacks(&at), cloud.stacks(&at), cloud.stacks(&at), look);
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    // Two at once, the third a second later.
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
    let line = &queue[0];
    assert_eq!((queue.len(), line.bucket.as_str(), line.waiting, &line.place), (1, "stacks", 1, &at.place));
    assert_eq!(cloud.queue(), Vec::new());
    assert_eq!(cloud.calls().get(&Operation::DescribeStacks), Some(&3));
}

#[test]
fn a_pattern_of_roles_allows_what_it_says() {
    let allows = |pattern: &str, role: &str| RolePattern::new(pattern).allows(role);
    assert!(allows("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/a"));
    assert!(!allows("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/ab"));
    assert!(allows("arn:aws:iam::*:role/landfall-*", "arn:aws:iam::2:role/landfall-x"));
    assert!(!allows("arn:aws:iam::*:role/landfall-*", "arn:aws:iam::2:role/admin"));
    assert!(allows("*-deployer", "x-deployer") && !allows("*-deployer", "x-deployer-2"));
    assert!(allows("a*b*b", "abab") && !allows("a*b*b", "ab"));
}
