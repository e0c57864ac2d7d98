//! `landfall sim`: the simulated account as a server, for any client that speaks to AWS.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use jiff::Timestamp;

use super::daemon::signalled;
use super::exit::{Doing, Exit, Failure, Outcome};
use super::output;
use crate::model::{Place, Region};
use crate::sim::scenario::{self, Act, placed};
use crate::sim::{self, Buckets, Clusters, Existing, Pace, SimConfig, World, documented_limits};

/// A free port on loopback.
pub const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// Options of `landfall sim`.
#[derive(Args, Debug)]
pub struct Sim {
    /// Address to listen at; only loopback, because sim does not check credentials
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4566")]
    listen: SocketAddr,
    /// Take about as long as AWS, instead of about a second per stack
    #[arg(long)]
    real_pace: bool,
    /// The only ECS clusters that exist before one is created, as account/region/name; otherwise every cluster exists. Can be
    /// given several times
    #[arg(long = "cluster", value_name = "CLUSTER", value_parser = placed)]
    clusters: Vec<(Place, String)>,
    /// The only regions that are enabled; otherwise every region is. Can be given several times
    #[arg(long = "region", value_name = "REGION", value_parser = Region::new)]
    regions: Vec<Region>,
    /// The only roles that exist before a stack creates one, as ARNs; otherwise every role exists. Can be given several times
    #[arg(long = "role", value_name = "ARN")]
    roles: Vec<String>,
    /// The only subnets that exist before a stack creates one, as account/region/id; otherwise every subnet exists. Can be
    /// given several times
    #[arg(long = "subnet", value_name = "SUBNET", value_parser = placed)]
    subnets: Vec<(Place, String)>,
    /// The only security groups that exist before a stack creates one, as account/region/id; otherwise every security group
    /// exists. Can be given several times
    #[arg(long = "security-group", value_name = "GROUP", value_parser = placed)]
    security_groups: Vec<(Place, String)>,
    /// Throttle the calls to ECS that AWS would throttle
    #[arg(long)]
    throttle: bool,
    /// Show a stack as it was for this many reads after a change set began to execute [default: 0]
    #[arg(long, value_name = "READS")]
    stale_reads: Option<u32>,
    /// Most items on a page of any listing [default: 50]
    #[arg(long, value_name = "ITEMS", value_parser = clap::value_parser!(u16).range(1..))]
    page_size: Option<u16>,
    /// File that describes the accounts and says what goes wrong in them and when; the other options go before it
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

/// What is listed; none if nothing is.
fn told<T: Clone + Ord>(list: &[T]) -> Option<BTreeSet<T>> {
    (!list.is_empty()).then(|| list.iter().cloned().collect())
}

/// Runs the command.
pub fn run(options: &Sim) -> Outcome {
    if !options.listen.ip().is_loopback() {
        return Err(Failure::usage(format!("{} is not a loopback address", options.listen))
            .help("the simulated account needs no credentials, so only this machine may reach it"));
    }
    let mut config = lively();
    let acts = match &options.scenario {
        Some(file) => read_scenario(file, &mut config)?,
        None => Vec::new(),
    };
    if options.real_pace {
        config.pace = Pace::stepped();
    }
    if !options.clusters.is_empty() {
        config.clusters = Clusters::Listed(options.clusters.iter().cloned().collect());
    }
    let existing = config.existing;
    config.existing = Existing {
        regions: told(&options.regions).or(existing.regions),
        roles: told(&options.roles).or(existing.roles),
        subnets: told(&options.subnets).or(existing.subnets),
        security_groups: told(&options.security_groups).or(existing.security_groups),
    };
    if options.throttle {
        config.limits = documented_limits();
    }
    config.stale_reads = options.stale_reads.unwrap_or(config.stale_reads);
    config.page_size = options.page_size.map_or(config.page_size, usize::from);
    super::runtime()?.block_on(async {
        let account = start(options.listen, config).await?;
        account.world.lock().unwrap_or_else(PoisonError::into_inner).play(acts);
        output::progress(&format!("simulated    every account and region at {}", account.url()));
        output::progress(&format!(
            "try          AWS_ENDPOINT_URL={} AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=any \\\n{:13}aws \
             cloudformation describe-stacks --region eu-west-1",
            account.url(),
            ""
        ));
        output::progress(&format!("watch        {}/_landfall/", account.url()));
        signalled().await?;
        Ok(Exit::Done)
    })
}

fn read_scenario(file: &Path, config: &mut SimConfig) -> Result<Vec<Act>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read {}", file.display())).because(error))?;
    scenario::read(&text, config)
        .map_err(|error| Failure::usage(format!("{} is not a scenario", file.display())).because(error))
}

/// A simulated account that begins now and is quick enough to watch.
pub fn lively() -> SimConfig {
    SimConfig { start: Timestamp::now(), pace: Pace::fast(), buckets: Buckets::Any, ..SimConfig::default() }
}

/// A simulated account that listens.
#[derive(Debug)]
pub struct Account {
    address: SocketAddr,
    /// The accounts.
    pub world: Arc<Mutex<World>>,
}

impl Account {
    /// The endpoint.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Starts a simulated account; it lives as long as the runtime.
pub async fn start(address: SocketAddr, config: SimConfig) -> Result<Account, Failure> {
    let listener = tokio::net::TcpListener::bind(address).await.doing(|| format!("cannot listen at {address}"))?;
    let address = listener.local_addr().doing(|| format!("cannot listen at {address}"))?;
    let world = Arc::new(Mutex::new(World::new(config)));
    tokio::spawn(sim::serve(listener, world.clone(), Arc::new(Timestamp::now), std::future::pending()));
    Ok(Account { address, world })
}
