//! What `landfall help COMMAND` says after the options: what the command needs to know, and examples.

pub(super) const LANDFALL: &str = "\
A newcomer begins with `landfall demo`; your own account with init, check, iam, verify and daemon, in this order.

Exit codes: 0 done, 1 failed, 2 usage, 3 the repository has errors, 4 there are changes (--exit-code), \
5 something ordered is held (daemon --once, --exit-code), 6 git or AWS could not be seen.

Words such as slot, gate and pin are explained in docs/glossary.md.";

pub(super) const DEMO: &str = "\
Makes a git repository from the example, starts a simulated account and the daemon, and lands a release, a pin and a \
release that crashes. Then it stays up, and prints the commands with which to play. Needs no AWS account.";

pub(super) const INIT: &str = "\
One environment, one target, one project with one service, one release. On a terminal it asks for what is not given.

  landfall init deploy --account 111111111111 --region eu-west-1 --cluster web \\
      --subnet subnet-0a1b2c3d --image 111111111111.dkr.ecr.eu-west-1.amazonaws.com/app";

pub(super) const DAEMON: &str = "\
Follows a branch: what lands there is deployed. A folder is watched, a URL is polled. SIGTERM stops it; what is in flight \
is taken up again by the next start. What does not belong on a command line (credentials for git, the AWS profile, roles that \
may be assumed) is in the configuration file: docs/configuration.md.

  landfall daemon --repo . --simulate --once
  landfall daemon --repo https://git.example.com/deploy.git --store /var/lib/landfall/landfall.db \\
      --listen 127.0.0.1:7117 --config /etc/landfall.toml";

pub(super) const CHECK: &str = "\
Reads the folder as it lies there, committed or not, and renders every step for every environment and target. Says nothing \
and exits with 0 where all is well, with 3 where there are errors. Every problem is explained in docs/problems.md.";

pub(super) const VERIFY: &str = "\
For every target: whether the credentials are for its account, its stacks can be listed, its cluster is active, and the \
bucket that it names is there. Exits with 1 if something was seen and is wrong, and with 6 if AWS could not be seen: it does \
not answer, denies the look, or gets no usable credentials. Says what would mend it.";

pub(super) const RENDER: &str = "\
Renders from the files of a folder, committed or not, what each environment settles to once everything has succeeded.

  landfall render storefront
  landfall render storefront --environment test --release 1.4.0 --step web
  landfall render storefront --environment production --tenant acme

With --format json, each line is the template of one stack, byte for byte as AWS is given it.";

pub(super) const DIFF: &str = "\
Merges HEAD into BASE in memory and says what the daemon would do: slot by slot, stack by stack, resource by resource, with the \
gates at which it stops. Needs no AWS account and no daemon, and writes nothing. Without --facts it takes the base as settled: \
everything succeeded and every soak is over. With one commit, it is compared with HEAD as it is.

  landfall diff main my-branch
  landfall diff main my-branch --format markdown
  landfall diff HEAD~1

Exits with 3 if the head has errors. `landfall plan --diff` compares with what is deployed now.";

pub(super) const WHY: &str = "\
Says what a name is in each stack of a slot, and where that is written; then everything else that is written about it, and \
why each does not count. Stacks of which the same is to be said are told together. Names with a dot are landfall's own.

  landfall why storefront api_url --environment production --tenant acme
  landfall why storefront api_url --environment production --commit main --release 1.3.2

Without --commit it reads the files of the folder, committed or not. With it, each value is told with the commit that it comes \
from: the release's snapshot, or, for what a tenant's file says, the commit that was asked for.

An output of a stack is read when the stack that uses it is deployed. Its name says which stack that is; what was read last, the \
daemon, its store or its facts tell.

  landfall why storefront projects.network.steps.zone.outputs.Host --environment test --store landfall.db";

pub(super) const PLAN: &str = "\
With --server it shows what the daemon planned last. Otherwise it reads the HEAD of a clone, asks AWS, and takes the past \
from --store, or from the facts that a daemon served or pushed; without them it does not know soaks, attempts or used \
allowances, and says so.

  landfall plan --server http://127.0.0.1:7117 --diff
  landfall plan --store landfall.db --exit-code
  git fetch origin +refs/landfall/facts:refs/landfall/facts && landfall plan --facts refs/landfall/facts";

pub(super) const STATUS: &str = "\
With --server it shows what the daemon saw last; with --store or --facts it reads the HEAD of a clone, them and AWS by itself.

  landfall status --server http://127.0.0.1:7117
  landfall status --store landfall.db";

pub(super) const DOCTOR: &str = "\
For each stack: its status and how it stands with landfall, why it is so, and what to do next, with the lines or the command that \
do it. It never changes anything.

  landfall doctor --server http://127.0.0.1:7117
  landfall doctor storefront-web-production-prod-eu --store landfall.db";

pub(super) const HISTORY: &str = "\
Every deployment, the newest first; or one, with every call to AWS and all evidence that was collected. With --facts, what ran \
where and when: facts have no evidence.

  landfall history --server http://127.0.0.1:7117
  landfall history 42 --store landfall.db";

pub(super) const RELEASE: &str = "\
A release is a file that never changes: which image tags and digests, which channel, and by its landing commit which process \
and variables.";

pub(super) const RELEASE_NEW: &str = "\
An image that is not named comes from --from, or from its registry: the newest tag that the channel's rules admit. ECR is asked \
through its API, any other registry by the protocol that all speak, with the credentials that `docker login` keeps, or with \
LANDFALL_REGISTRY (the registry's name), LANDFALL_REGISTRY_USERNAME and LANDFALL_REGISTRY_PASSWORD. Without a version, it is \
the one after the highest of the channel: the last number plus one, so 1.4.1 after 1.4.0 and 1.5.0-rc.2 after 1.5.0-rc.1; in a \
channel without releases, the one after the project's highest; at first, 1.0.0.

  landfall release new storefront
  landfall release new storefront 1.4.1 --from 1.4.0 --image web=1.4.1 --branch storefront-1.4.1 --push";

pub(super) const RELEASE_LIST: &str = "\
Reads the folder as it lies there, and asks nobody; `landfall status` shows what runs.

  landfall release list storefront";

pub(super) const RELEASE_SHOW: &str = "\
The snapshot is the commit that its process and variables come from, as far as this clone can tell.

  landfall release show storefront 1.4.0 --format json";

pub(super) const RELEASE_DIFF: &str = "\
Renders both releases for every environment, target and connected tenant, as the head has them.

  landfall release diff storefront 1.3.2 1.4.0";

pub(super) const RELEASE_REFRESH: &str = "\
Writes `snapshot = \"…\"` into the release's file: what runs of it gets the values of that commit. The images stay what they are.

  landfall release refresh storefront 1.4.0 --commit
  landfall release refresh storefront 1.4.0 --to 8c1d0f2";

pub(super) const PROMOTE: &str = "\
Writes one line into the environment's deploy file, with comments kept, and says what the gates think of it: with --store the \
plan as it will be, with --server by what the daemon knows, without either what has to happen first. A pin whose gates are \
closed waits for them.

  landfall promote storefront 1.4.0 --to production --server http://127.0.0.1:7117
  landfall promote storefront 1.4.0 --to production --tenant acme --branch acme-1.4.0 --push";

pub(super) const ROLLBACK: &str = "\
A slot may always go back to a release that it ran once. Without --to it is the one that ran there before, which the daemon or \
its store know.

  landfall rollback storefront --in production --server http://127.0.0.1:7117 --commit --push
  landfall rollback storefront --in production --to 1.3.2";

pub(super) const ALLOW: &str = "\
Writes the `[[allow]]` lines that the gate asks for into the deploy file of the clone, and prints them. Nothing is \
committed: the gate opens when the lines land. `landfall plan` prints every gate with the plan that opens it.

  landfall allow 7f3a91c2 --reason \"quota raised\" --server http://127.0.0.1:7117";

pub(super) const CONVERT: &str = "\
Writes what the step renders into templates/STEP.yaml of the project, with its variables still as placeholders, makes the step \
one of kind `cloudformation`, and renders every stack of the project both ways, with the release that would be made from the \
files: in every environment, at every target, for every tenant, of every channel. Unless template, parameters, name, tags, \
capabilities, content hash, images to prove and the task that is run once are the same, nothing is written, and the first \
difference is told. The step keeps its name, its id, its role, its conditions and its place among the others; where and how \
long the task of an `ecs-task` runs moves into `run`. It takes effect with the next release, or with \
`landfall release refresh`, and then there is nothing to deploy. The way back is git's: revert the commit.

  landfall convert storefront web --dry-run
  landfall convert storefront web --commit";

pub(super) const STORE: &str = "\
The store is the daemon's journal, in one SQLite file. Its records are chained by hash, so that a record that is missing, swapped \
or altered is named.";

pub(super) const STORE_VERIFY: &str = "\
Reads the whole file, also while a daemon runs. Exits with 1 if the store is damaged, and names the first record that is missing, \
swapped or altered.

  landfall store verify --store /var/lib/landfall/landfall.db";

pub(super) const STORE_ADOPT: &str = "\
A daemon that meets stacks of its repository which another store deployed changes nothing and asks. This is the answer, written into \
the store beside a running daemon or without one. The daemon takes the stacks over at its next look, once no operation is in progress in \
them and ten minutes after the last operation of another daemon. Exits with 1 if nothing is asked.

  landfall store adopt --store /var/lib/landfall/landfall.db --dry-run";

pub(super) const STORE_BACKUP: &str = "\
The copy is whole and in one file, whatever the daemon does meanwhile. An existing file is never overwritten. Only the owner can \
read the copy.

  landfall store backup --store /var/lib/landfall/landfall.db /backup/landfall-2026-12-01.db";

pub(super) const STORE_RESTORE: &str = "\
Stop the daemon first: a store in use is refused. The backup is checked before anything is changed, and the replaced store stays \
next to the new one. The next start knows that its store is a backup: it asks AWS what happened since, and takes nothing back.

  landfall store restore --store /var/lib/landfall/landfall.db /backup/landfall-2026-12-01.db";

pub(super) const IAM: &str = "\
Prints JSON: the policies of the identity that the daemon runs as, and for each role that it assumes its permissions and its \
trust policy. Permissions are lists of policies, each within AWS's limit of 6,144 characters for a managed policy. `attach` has the \
commands that create and attach them; run those of each role with credentials of its account. AWS lets a role have 10 managed \
policies unless you ask for more. The command itself creates nothing.

  landfall iam --principal arn:aws:iam::111111111111:role/landfall";

pub(super) const SIM: &str = "\
Speaks the protocols of CloudFormation, ECS and STS to any client; the access key's twelve digits are the account. It asks \
for no credentials and keeps nothing when it ends. Schedules of EventBridge Scheduler are kept, and start nothing at their times.

  landfall sim --listen 127.0.0.1:4566
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=any \\
      aws cloudformation describe-stacks --region eu-west-1";
