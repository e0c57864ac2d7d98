//! A store, a simulated account, an engine on them, and orders to give it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::cloud::{
    At, Change, ChangeSetRequest, ChangeSetSeen, CloudError, ClusterSeen, Finding, HookAnswer, Identity, LogStream,
    Observe, RunTaskRequest, ServiceSeen, StackEvent, StackResource, StoppedTask, TaskSeen, TemplateObject, WhichTask,
};
use landfall::engine::{Engine, EngineError, Meeting};
use landfall::model::catalog::OnFailure;
use landfall::model::decision::Because;
use landfall::model::drift::{Drifted, ServiceSettings};
use landfall::model::journal::{
    Action, Cause, Content, DeploymentId, Entry, Evidence, Fence, Order, Outcome, ParameterValue, ProvedImage, Record,
    StoreId,
};
use landfall::model::place::Access;
use landfall::model::slot::Stamp;
use landfall::model::{
    AccountId, BucketName, CommitId, Hash, Id, Place, Region, ReleaseName, Slot, StackName, StackOwner, StackSeen,
    StackStatus,
};
use landfall::plan::{Begin, MayLose, Plan, Supersede};
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{Accepted, Buckets, Effect, SimCloud, SimConfig, World};
use landfall::store::{self, Lease, MemoryStore, Store};
use serde_json::{Value, json};

pub(super) const STORE: &str = "00112233445566aa";

/// A bucket of the account.
pub(super) const BUCKET: &str = "templates";

pub(super) fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub(super) fn release(text: &str) -> ReleaseName {
    ReleaseName::new(text).unwrap()
}

pub(super) fn place() -> Place {
    Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() }
}

pub(super) fn at() -> At {
    At { place: place(), access: Access::default() }
}

pub(super) fn slot() -> Slot {
    Slot { project: id("shop"), environment: id("test"), tenant: None }
}

pub(super) fn owner(step: &str) -> StackOwner {
    StackOwner {
        repository: id("acme"),
        project: id("shop"),
        step: id(step),
        environment: id("test"),
        target: id("main"),
        tenant: None,
    }
}

/// A log group, a task definition and a service that runs `image`, twice.
pub(super) fn service(image: &str) -> Value {
    json!({
        "Resources": {
            "LogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 14}},
            "Service": {
                "Type": "AWS::ECS::Service",
                "Properties": {
                    "Cluster": "main",
                    "TaskDefinition": {"Ref": "TaskDefinition"},
                    "DesiredCount": 2,
                    "DeploymentConfiguration": {
                        "MinimumHealthyPercent": 100, "MaximumPercent": 200,
                        "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true}
                    }
                }
            },
            "TaskDefinition": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "Family": {"Ref": "AWS::StackName"}, "Cpu": "256", "Memory": "512",
                    "ContainerDefinitions": [{"Name": "app", "Image": image, "PortMappings": [{"ContainerPort": 8080}]}]
                }
            }
        },
        "Outputs": {"Arn": {"Value": {"Ref": "Service"}}}
    })
}

/// A stack without services.
pub(super) fn queue(seconds: u32) -> Value {
    json!({
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}}},
        "Outputs": {"Url": {"Value": {"Ref": "Queue"}}}
    })
}

/// The content of a stack; its release's image is proved if there is one.
pub(super) fn content(step: &str, version: &str, template: &Value) -> Content {
    let hash = Hash::of(template.to_string().as_bytes());
    let image = template.pointer("/Resources/TaskDefinition/Properties/ContainerDefinitions/0/Image");
    let images = image.and_then(Value::as_str).map(|image| {
        let proved = ProvedImage { image: image.into(), digests: vec![World::digest_of(image).into()] };
        ("app".into(), proved)
    });
    Content {
        template: template.to_string().into(),
        description: format!("shop {step} {}", Stamp { release: release(version), content: hash }).into(),
        parameters: BTreeMap::new(),
        tags: owner(step).tags(),
        capabilities: vec![],
        hash,
        protected: false,
        images: images.into_iter().collect(),
        expected: vec![],
        deadline: 900,
        bucket: None,
        task: None,
    }
}

pub(super) fn order(step: usize, action: Action, name: &str) -> Order {
    Order {
        wave: 0,
        repair: false,
        services: BTreeMap::new(),
        adopt: false,
        as_found: false,
        step,
        after: None,
        stack: StackName::of(&owner(name)),
        place: place(),
        access: Access::default(),
        action,
    }
}

pub(super) fn put(step: usize, name: &str, content: Content) -> Order {
    order(step, Action::Put(Box::new(content)), name)
}

/// A deployment that is not wanted any more; nothing for five minutes is too long.
pub(super) fn supersede(deployment: DeploymentId, by: Option<ReleaseName>) -> Supersede {
    Supersede { deployment, by, takeover: SignedDuration::from_mins(5), revoked: None, not_before: None }
}

pub(super) fn plan(version: &str, orders: Vec<Order>) -> Plan {
    let content = Hash::of(format!("{version} {orders:?}").as_bytes());
    let begin = Begin {
        slot: slot(),
        release: release(version),
        from: None,
        because: Because::Automatic,
        plan: content.short().into(),
        content,
        given: None,
        attempt: 1,
        on_failure: OnFailure::Stop,
        orders,
        allowed: vec![],
        live: BTreeMap::new(),
        waves: Vec::new(),
        removal: false,
        may_lose: MayLose::default(),
        by_itself: None,
    };
    Plan { commit: Some(CommitId("c".repeat(40))), begin: vec![begin], ..Plan::default() }
}

/// One step with the service of this image.
pub(super) fn web(version: &str, image: &str) -> Plan {
    plan(version, vec![put(0, "web", content("web", version, &service(image)))])
}

/// A store and an account that outlive every engine.
pub(super) struct Scene {
    pub(super) store: Arc<MemoryStore>,
    pub(super) sim: SimCloud,
    pub(super) now: Timestamp,
}

impl Scene {
    pub(super) fn new() -> Self {
        let buckets = Buckets::Listed(BTreeMap::from([(BUCKET.to_owned(), place())]));
        Self::with(SimConfig { buckets, ..SimConfig::default() })
    }

    pub(super) fn with(config: SimConfig) -> Self {
        let now = config.start;
        let sim = SimCloud::new(Arc::new(Mutex::new(World::new(config))));
        Self { store: Arc::new(MemoryStore::new(StoreId(STORE.into()))), sim, now }
    }

    pub(super) async fn engine(&self) -> Engine {
        self.engine_on(self.store.clone(), Arc::new(self.sim.clone())).await
    }

    pub(super) async fn slow_engine(&self) -> Engine {
        self.engine_on(Arc::new(SlowStore(self.store.clone())), Arc::new(Slow(self.sim.clone()))).await
    }

    pub(super) async fn engine_on(&self, store: Arc<dyn Store>, cloud: Arc<dyn Change>) -> Engine {
        let lease = store.acquire("test", self.now, self.now + SignedDuration::from_hours(99)).await.unwrap();
        Engine::open(store, cloud, &lease).await.unwrap()
    }

    /// Turns the clock of the account and ours.
    pub(super) fn turn(&mut self, to: Timestamp) {
        self.now = to;
        self.sim.world().advance(to);
    }

    /// Advances until nothing is in flight or everything waits for a human; at most for a day.
    pub(super) async fn finish(&mut self, engine: &mut Engine) {
        self.try_finish(engine).await.unwrap();
    }

    pub(super) async fn try_finish(&mut self, engine: &mut Engine) -> Result<(), EngineError> {
        let end = self.now + SignedDuration::from_hours(24);
        loop {
            let progress = engine.advance(self.now).await?;
            let Some(next) = progress.look_again else { return Ok(()) };
            assert!(next > self.now, "looks again at once, at {}", self.now);
            assert!(next < end, "does not come to an end: {:#?}", engine.facts().in_flight);
            self.turn(next);
        }
    }

    /// Carries out a plan on a fresh engine, to its end.
    pub(super) async fn deploy(&mut self, plan: &Plan) -> Outcome {
        let mut engine = self.engine().await;
        engine.carry_out(plan, self.now).await.unwrap();
        self.finish(&mut engine).await;
        self.outcome().await
    }

    pub(super) async fn records(&self) -> Vec<Record> {
        self.store.records(0, 100_000).await.unwrap()
    }

    /// How the last deployment that ended did.
    pub(super) async fn outcome(&self) -> Outcome {
        let ended = |record: &Record| match &record.entry {
            Entry::Ended { outcome, .. } => Some(outcome.clone()),
            _ => None,
        };
        self.records().await.iter().rev().find_map(ended).expect("a deployment that ended")
    }

    pub(super) async fn evidence(&self) -> Vec<Evidence> {
        let item = |record: Record| match record.entry {
            Entry::Evidence { item, .. } => Some(item),
            _ => None,
        };
        self.records().await.into_iter().filter_map(item).collect()
    }

    pub(super) fn stack(&self, step: &str) -> Option<StackSeen> {
        use futures::FutureExt as _;
        let name = StackName::of(&owner(step));
        self.sim.stack(&at(), name.as_str()).now_or_never().unwrap().unwrap()
    }

    pub(super) fn status(&self, step: &str) -> Option<StackStatus> {
        self.stack(step).map(|stack| stack.status)
    }

    /// The store as a backup has it that was made after so many records: what came later is lost.
    pub(super) async fn backup(&self, records: usize) -> Arc<MemoryStore> {
        let copy = MemoryStore::new(StoreId(STORE.into()));
        let lease = copy.acquire("test", self.now, self.now).await.unwrap();
        for record in self.records().await.into_iter().take(records) {
            copy.append(lease.fence, record.at, vec![record.entry]).await.unwrap();
        }
        Arc::new(copy)
    }

    /// Journals that the store begins a new incarnation.
    pub(super) async fn reincarnate(&self, id: &str) {
        let mut engine = self.engine().await;
        let entry = Entry::Incarnation { id: StoreId(id.into()), because: "the store was restored".to_owned() };
        engine.record(self.now, vec![entry]).await.unwrap();
    }

    /// The store is lost: a new one takes over every stack that is there.
    pub(super) async fn lose_the_store(&mut self) {
        self.store = Arc::new(MemoryStore::new(StoreId("ffeeddccbbaa0099".into())));
        let quiet = self.now + SignedDuration::from_mins(11);
        self.turn(quiet);
        let engine = self.meet(true).await;
        assert_eq!(engine.facts().question, None, "nothing is left to ask");
    }

    /// An engine that met the account's stacks, and whether the operator agrees to what it asks.
    pub(super) async fn meet(&self, adopt: bool) -> Engine {
        let mut engine = self.engine().await;
        let places = BTreeMap::from([(place(), Access::default())]);
        let (observed, _) = landfall::daemon::observe(&self.sim, places.clone(), self.now).await;
        let (repository, fresh) = (id("acme"), StoreId("0123456789abcdef".into()));
        let meeting = Meeting { repository: &repository, observed: &observed, places: &places, fresh: &fresh, adopt };
        engine.meet(&meeting, self.now).await.unwrap();
        engine
    }

    /// What the account accepted, without repetitions that did nothing.
    pub(super) fn ledger(&self) -> Vec<Accepted> {
        self.sim.world().ledger().iter().filter(|row| row.effect == Effect::Effective).cloned().collect()
    }

    pub(super) fn operations(&self) -> Vec<String> {
        self.ledger().into_iter().map(|row| row.operation).collect()
    }

    /// A stack that somebody else makes.
    pub(super) fn foreign(&mut self, step: &str, tags: BTreeMap<String, String>, token: &str) {
        let input = StackInput {
            name: StackName::of(&owner(step)).as_str().to_owned(),
            template: Some(queue(1).to_string()),
            parameters: BTreeMap::new(),
            tags: Some(tags),
            capabilities: vec![],
            role: None,
            notifications: None,
            monitoring: None,
            token: Some(token.to_owned()),
            skips_validation: false,
        };
        self.sim.world().create_stack(&place(), &input, &StackOptions::default()).unwrap();
        let later = self.now + SignedDuration::from_mins(5);
        self.turn(later);
    }
}

pub(super) fn failed(outcome: &Outcome) -> &Cause {
    match outcome {
        Outcome::Failed(cause) => cause,
        other => panic!("should have failed, but is {other:?}"),
    }
}

/// The value of a parameter that is read from another stack.
pub(super) fn output(step: &str, output: &str) -> ParameterValue {
    ParameterValue::Output { stack: StackName::of(&owner(step)), output: output.to_owned(), at: None }
}

pub(super) const FIRST: DeploymentId = DeploymentId(1);

/// The account behind a connection on which every change takes more polls: places to be killed at, before the call and
/// after it.
pub(super) struct Slow(pub(super) SimCloud);

/// The store on a disk that takes more polls, before an append and after it.
pub(super) struct SlowStore(pub(super) Arc<MemoryStore>);

#[async_trait]
impl Store for SlowStore {
    async fn id(&self) -> store::Result<StoreId> {
        self.0.id().await
    }

    async fn whereabouts(&self) -> store::Result<store::Whereabouts> {
        self.0.whereabouts().await
    }

    async fn settle(&self) -> store::Result<()> {
        self.0.settle().await
    }

    async fn acquire(&self, owner: &str, now: Timestamp, until: Timestamp) -> store::Result<Lease> {
        self.0.acquire(owner, now, until).await
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> store::Result<Lease> {
        self.0.renew(lease, until).await
    }

    async fn release(&self, lease: &Lease) -> store::Result<()> {
        self.0.release(lease).await
    }

    async fn check(&self, fence: Fence) -> store::Result<()> {
        self.0.check(fence).await
    }

    async fn append(&self, fence: Fence, at: Timestamp, entries: Vec<Entry>) -> store::Result<Vec<Record>> {
        tick().await;
        let records = self.0.append(fence, at, entries).await;
        tick().await;
        records
    }

    async fn records(&self, after: u64, limit: u32) -> store::Result<Vec<Record>> {
        self.0.records(after, limit).await
    }
}

async fn tick() {
    let mut first = true;
    futures::future::poll_fn(|context| {
        if std::mem::take(&mut first) {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
}

/// The account with an ECS whose clock is behind CloudFormation's, and which for a while shows what it showed before.
pub(super) struct Behind {
    pub(super) sim: SimCloud,
    /// By so much its clock is behind.
    pub(super) by: SignedDuration,
    /// It shows what it showed first until the account's clock is here.
    pub(super) stale: Timestamp,
    first: Mutex<BTreeMap<String, ServiceSeen>>,
}

impl Behind {
    pub(super) fn new(sim: &SimCloud, by: SignedDuration, stale: Timestamp) -> Self {
        Self { sim: sim.clone(), by, stale, first: Mutex::default() }
    }

    async fn late(&self, at: &At, arn: &str) -> Result<Option<ServiceSeen>, CloudError> {
        let mut service = self.sim.service(at, arn).await?;
        if let Some(deployment) = service.as_mut().and_then(|service| service.deployment.as_mut()) {
            deployment.created -= self.by;
        }
        let stale = self.sim.world().now() < self.stale;
        let mut first = self.first.lock().unwrap();
        if let Some(service) = &service {
            first.entry(arn.to_owned()).or_insert_with(|| service.clone());
        }
        Ok(if stale { first.get(arn).cloned() } else { service })
    }
}

macro_rules! slowly {
    ($trait:ident, $wait:expr, { $($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $trait for Slow {
            $(async fn $name(&self, at: &At, $($arg: $type),*) -> Result<$answer, CloudError> {
                $wait.await;
                let answer = self.0.$name(at, $($arg),*).await;
                $wait.await;
                answer
            })*
        }
        #[async_trait]
        impl $trait for Behind {
            $(async fn $name(&self, at: &At, $($arg: $type),*) -> Result<$answer, CloudError> {
                slowly!(@behind self, at, $name, $($arg),*)
            })*
        }
    };
    (@behind $this:ident, $at:ident, service, $arn:ident) => { $this.late($at, $arn).await };
    (@behind $this:ident, $at:ident, $name:ident, $($arg:ident),*) => { $this.sim.$name($at, $($arg),*).await };
}

slowly!(Observe, std::future::ready(()), {
    identity() -> Identity;
    stacks() -> Vec<StackSeen>;
    stack(name_or_id: &str) -> Option<StackSeen>;
    template(stack: &StackName) -> Option<String>;
    change_set(stack: &str, name: &str) -> Option<ChangeSetSeen>;
    findings(change_set: &str) -> Vec<Finding>;
    events(stack_id: &str, token: &str) -> Vec<StackEvent>;
    last_token(stack_id: &str) -> Option<Arc<str>>;
    resources(stack_id: &str) -> Vec<StackResource>;
    service(arn: &str) -> Option<ServiceSeen>;
    stopped_tasks(service: &ServiceSeen) -> Vec<StoppedTask>;
    task(cluster: &str, which: &WhichTask) -> Option<TaskSeen>;
    log_lines(stream: &LogStream, last: usize) -> Vec<String>;
    settings(arns: &[Arc<str>]) -> BTreeMap<Arc<str>, ServiceSettings>;
    task_definition(arn: &str) -> Option<Value>;
    detect_drift(stack_id: &str) -> ();
    drift(stack_id: &str) -> Vec<Drifted>;
    cluster(name: &str) -> Option<ClusterSeen>;
    bucket(name: &BucketName) -> bool;
});

slowly!(Change, tick(), {
    put_template(object: &TemplateObject, body: &str) -> ();
    create_change_set(request: &ChangeSetRequest) -> ();
    execute_change_set(stack: &StackName, name: &str, token: &str) -> ();
    delete_change_set(stack: &StackName, name: &str) -> ();
    delete_stack(stack_id: &str, token: &str) -> ();
    cancel_update(stack: &StackName, token: &str) -> ();
    continue_rollback(stack: &StackName, skip: &[Arc<str>], token: &str) -> ();
    rollback_stack(stack: &StackName, token: &str) -> ();
    set_protection(stack: &StackName, on: bool) -> ();
    restore_service(arn: &str, settings: &ServiceSettings) -> ();
    continue_service_deployment(deployment: &str, hook: &str, answer: HookAnswer) -> ();
    run_task(request: &RunTaskRequest) -> Arc<str>;
    stop_task(cluster: &str, task: &str, reason: &str) -> ();
});
