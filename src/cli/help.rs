//! What `landfall help COMMAND` says after the options, and the groups in which `landfall --help` lists the commands.
//!
//! Each text explains what the command needs to know, and ends with an example that runs.

/// The commands in groups: what the group is for, and the names in the order of use.
pub(super) const GROUPS: &[(&str, &[&str])] = &[
    ("Try it without AWS", &["demo", "sim"]),
    (
        "Write the repository",
        &["init", "check", "render", "release", "promote", "rollback", "allow", "convert", "adopt-drift"],
    ),
    ("Look at a change or a deployment", &["diff", "review", "plan", "status", "history", "why", "doctor"]),
    ("Operate the daemon", &["iam", "verify", "daemon", "store"]),
];

/// The help of the whole program: the commands in groups, then what all of them share.
pub(super) fn grouped(command: clap::Command) -> clap::Command {
    let about = |name: &str| {
        let command = command.find_subcommand(name);
        command.and_then(clap::Command::get_about).map(ToString::to_string).unwrap_or_default()
    };
    let mut groups = String::new();
    for (group, names) in GROUPS {
        groups.push_str(&format!("{group}:\n"));
        for name in *names {
            groups.push_str(&format!("  {name:<13}{}\n", about(name)));
        }
        groups.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}`landfall help COMMAND` explains a command.\n\n\
         Options:\n{{options}}{{after-help}}"
    );
    command.help_template(template)
}

pub(super) const LANDFALL: &str = "\
Start with `landfall demo`. For your own account use init, check, iam, verify and daemon, in this order.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the repository has errors, 4 something changes (--exit-code), 5 a \
change that a commit asks for is held (daemon --once, --exit-code), 6 landfall could not read git or AWS.

docs/glossary.md explains words such as slot, gate and pin.";

pub(super) const DEMO: &str = "\
Makes a git repository from the example, starts a simulated account and the daemon, and lands a release, a pin and a \
crashing release. Then it keeps running and prints commands to try. Needs no AWS account.

  landfall demo";

pub(super) const INIT: &str = "\
Writes one environment, one target, one project with one service, and one release. On a terminal it asks for missing values.

  landfall init deploy --account 111111111111 --region eu-west-1 --cluster web \\
      --subnet subnet-0a1b2c3d --image 111111111111.dkr.ecr.eu-west-1.amazonaws.com/app";

pub(super) const DAEMON: &str = "\
Follows a branch and deploys the commits that land there. It watches a local repository for changes and polls a remote \
one. SIGTERM stops it; the next start continues with the deployments in flight. Credentials for git, the AWS profile \
and the allowed roles are in the configuration file: docs/configuration.md.

  landfall daemon --repo . --simulate --once
  landfall daemon --repo https://git.example.com/deploy.git --store /var/lib/landfall/landfall.db \\
      --listen 127.0.0.1:7117 --config /etc/landfall.toml";

pub(super) const CHECK: &str = "\
Reads the files of the folder, committed or not, and renders every step for every environment and target. Prints nothing \
and exits with 0 if all is well, and with 3 if there are errors. Lists warnings that an `[[accept]]` accepts in one line each, \
and does not count them. docs/problems.md explains every problem.

  landfall check deploy";

pub(super) const VERIFY: &str = "\
For every target it checks that the credentials are for its account, that its stacks can be listed, that its cluster \
is active, and that its bucket exists. Prints how to fix each finding. Exits with 1 if something is wrong, and with 6 \
if AWS does not answer, denies a call, or rejects the credentials.

  landfall verify deploy --config /etc/landfall.toml";

pub(super) const RENDER: &str = "\
Renders the files of a folder, committed or not. For each environment it renders the release that runs there after \
every pending deployment has succeeded.

  landfall render storefront
  landfall render storefront --environment test --release 1.4.0 --step web
  landfall render storefront --environment production --tenant acme

With --format json, each line is the template of one stack, byte for byte as AWS gets it.";

pub(super) const DIFF: &str = "\
Merges HEAD into BASE in memory and shows what the daemon would do: slot by slot, stack by stack, resource by \
resource, with the gates at which it stops. Needs no AWS account and no daemon, and writes nothing. Without --facts it \
assumes that the base is settled: everything succeeded and every soak is over. With BASE alone, it compares BASE with \
HEAD without merging.

  landfall diff main my-branch
  landfall diff main my-branch --format markdown
  landfall diff HEAD~1

Exits with 3 if the head has errors. With --deny it exits with 1 if a risk has that level or a higher one, unless an \
`[[accept]]` of the head accepts the risk. `landfall plan --diff` compares with the deployed templates.";

pub(super) const REVIEW: &str = "\
Says in a pull request what `diff` says: one comment, edited in place, the status landfall/review, and labels. Made for a job of \
GitHub Actions, GitLab CI, or Actions of Gitea or Forgejo, which says where the pull request is. The environment variable \
LANDFALL_FORGE_TOKEN has the token. It writes nothing if landfall's daemon has reviewed the commit already. docs/forges.md has \
workflows to copy, and the rights that the token needs.

Exit codes: 1 a risk is denied, or the forge refused; 3 the head has errors; 6 the forge does not answer.

  landfall review
  landfall review 12 --forge github --forge-project acme/deploy --dry-run";

pub(super) const WHY: &str = "\
Prints the value of a name in each stack of a slot, and where it is written. Then it lists every other value of the name, with \
the reason why it does not apply. Stacks with the same answer are grouped. Names with a dot are landfall's own.

  landfall why storefront api_url --environment production --tenant acme
  landfall why storefront api_url --environment production --commit main --release 1.3.2

Without --commit it reads the files of the folder, committed or not. With --commit, each value shows its commit: the \
release's snapshot, or, for a tenant's value, the commit that you named.

landfall reads an output when it deploys a stack that uses the output. The name of the output shows which stack it \
comes from. With a daemon, its store or its facts, you also see the value that landfall read last.

  landfall why storefront projects.network.steps.zone.outputs.Host --environment test --store landfall.db";

pub(super) const PLAN: &str = "\
With --server it shows what the daemon planned last. Otherwise it reads the HEAD of a clone, asks AWS, and reads past \
deployments from a store (--store) or from facts that a daemon served or pushed (--facts). Without them it does not \
know soaks, attempts or used allowances, and says so.

  landfall plan --server http://127.0.0.1:7117 --diff
  landfall plan --store landfall.db --exit-code
  git fetch origin +refs/landfall/facts:refs/landfall/facts && landfall plan --facts refs/landfall/facts";

pub(super) const STATUS: &str = "\
With --server it shows what the daemon saw last. With --store or --facts it reads the HEAD of a clone, past \
deployments and AWS.

  landfall status --server http://127.0.0.1:7117
  landfall status --store landfall.db";

pub(super) const DOCTOR: &str = "\
For each stack it shows the status, how landfall regards the stack (wanted, deploying, foreign, …), the cause, and the \
next step with its lines or its command. It changes nothing.

  landfall doctor --server http://127.0.0.1:7117
  landfall doctor storefront-web-production-prod-eu --store landfall.db";

pub(super) const HISTORY: &str = "\
Lists every deployment, the newest first, or shows one with every call to AWS and all collected evidence. With --facts it shows \
what ran where and when: facts contain no evidence.

  landfall history --server http://127.0.0.1:7117
  landfall history 42 --store landfall.db";

pub(super) const RELEASE: &str = "\
A release is a file that never changes. It names the image tags and digests and the channel. The commit that added it fixes \
the process and the variables.

  landfall release new storefront";

pub(super) const RELEASE_NEW: &str = "\
For an image that you do not name, landfall uses the image of --from, or the newest tag that the channel allows. It lists \
the rejected tags with the reason. It asks ECR through its API, and any other registry through the standard protocol. The \
credentials come from `docker login`, or from LANDFALL_REGISTRY (the registry's name), LANDFALL_REGISTRY_USERNAME and \
LANDFALL_REGISTRY_PASSWORD.

Without a version, landfall takes the highest version of the channel and adds one to its last number: 1.4.1 after \
1.4.0, 1.5.0-rc.2 after 1.5.0-rc.1. If the channel has no release, it takes the highest version of the project. The \
first version of a project is 1.0.0. Prints the file, then the review of what the release does once its file lands.

  landfall release new storefront
  landfall release new storefront 1.4.1 --from 1.4.0 --image web=1.4.1 --branch storefront-1.4.1 --push";

pub(super) const RELEASE_LIST: &str = "\
Reads only the files of the folder, committed or not. `landfall status` shows what runs.

  landfall release list storefront";

pub(super) const RELEASE_SHOW: &str = "\
The snapshot is the commit that the release takes its process and variables from. It is shown if this clone contains the commit.

  landfall release show storefront 1.4.0 --format json";

pub(super) const RELEASE_DIFF: &str = "\
Renders both releases for every environment, target and connected tenant of the head, and shows the stacks that differ \
as `landfall diff` does. It ignores gates, pins and running releases.

  landfall release diff storefront 1.3.2 1.4.0
  landfall release diff storefront 1.3.2 1.4.0 --format markdown";

pub(super) const RELEASE_REFRESH: &str = "\
Writes `snapshot = \"…\"` into the release's file. Every slot that runs the release gets the process and the variables of that \
commit. The images stay the same. Shows the review of this edit, as `landfall diff` does.

  landfall release refresh storefront 1.4.0 --commit
  landfall release refresh storefront 1.4.0 --to 8c1d0f2";

pub(super) const PROMOTE: &str = "\
Writes one line into the environment's deploy file, keeps the comments, and shows the review of this edit, as \
`landfall diff` does. With --store, --server or --facts the review shows which gates are open. Without them, it shows \
what has to happen first. A pin waits until its gates are open.

  landfall promote storefront 1.4.0 --to production --server http://127.0.0.1:7117
  landfall promote storefront 1.4.0 --to production --tenant acme --branch acme-1.4.0 --push";

pub(super) const ROLLBACK: &str = "\
A slot may always go back to a release that it ran once. Without --to, landfall takes the release that ran there before: it \
asks the daemon, its store or its facts.

  landfall rollback storefront --in production --server http://127.0.0.1:7117 --commit --push
  landfall rollback storefront --in production --to 1.3.2";

pub(super) const ALLOW: &str = "\
Writes the `[[allow]]` lines for the gate into the deploy file of the clone, prints them, and shows the review of what \
happens once they land. The gate stays closed until the lines land. `landfall plan` prints every gate with its plan, \
the argument of this command.

  landfall allow 7f3a91c2 --reason \"quota raised\" --server http://127.0.0.1:7117";

pub(super) const CONVERT: &str = "\
Writes the template that the step renders into templates/STEP.yaml of the project, with variables as placeholders. The \
step gets the kind `cloudformation`, and keeps its name, id, role, conditions and position. The placement and the time \
limit of an `ecs-task` move into `run`.

Before it writes, landfall renders every stack of the project from the step and from the template. It compares the \
template, parameters, name, tags, capabilities, content hash, proved images and one-off task. If anything differs, it \
writes nothing and prints the first difference.

The conversion takes effect with the next release, or with `landfall release refresh`, and changes no stack. To undo \
it, revert the commit.

  landfall convert storefront web --dry-run
  landfall convert storefront web --commit";

pub(super) const ADOPT_DRIFT: &str = "\
Prints a change to the files, for `git apply`, after which they say what is there now. That is a value of a variable for \
the environment, a variable in the place of a literal value, a patch, or a line of the template. landfall renders every stack of \
the project with and without the change. It prints a change only if the stack then says what is there, and nothing else in \
it changes. If a change holds in every environment, landfall names the other stacks that it changes too.

Exits with 1 if something that differs cannot be kept so, and says why. It writes no file. The change takes effect with \
the next release.

  landfall adopt-drift storefront-web-test-shared --server http://127.0.0.1:7117 | git apply";

pub(super) const STORE: &str = "\
The store is the daemon's journal in one SQLite file. A chain of hashes shows which record is missing, swapped or altered.

  landfall store verify";

pub(super) const STORE_VERIFY: &str = "\
Reads the whole file, even while a daemon runs. If the store is damaged, it exits with 1 and names the first record that is \
missing, swapped or altered.

  landfall store verify --store /var/lib/landfall/landfall.db";

pub(super) const STORE_ADOPT: &str = "\
If a daemon finds stacks of its repository that another store deployed, it changes nothing and asks. This command \
writes your answer into the store, whether a daemon runs or not. The daemon takes the stacks over when no operation is \
in progress and the last operation of another daemon is at least ten minutes old. Exits with 1 if the daemon asks \
nothing.

  landfall store adopt --store /var/lib/landfall/landfall.db --dry-run";

pub(super) const STORE_BACKUP: &str = "\
The copy is complete and in one file, even while a daemon runs. An existing file is never overwritten. Only the owner can \
read the copy.

  landfall store backup --store /var/lib/landfall/landfall.db /backup/landfall-2026-12-01.db";

pub(super) const STORE_RESTORE: &str = "\
Stop the daemon first: landfall rejects a store in use. It checks the backup before it changes anything, and keeps the \
replaced store next to the new one. The next daemon notices the restored backup, asks AWS what happened since, and \
undoes nothing.

  landfall store restore --store /var/lib/landfall/landfall.db /backup/landfall-2026-12-01.db";

pub(super) const IAM: &str = "\
Prints JSON: the policies of the daemon's own identity, and the permissions and trust policy of each role that it assumes. \
Permissions are lists of policies, each within AWS's limit of 6,144 characters for a managed policy. `attach` has the \
commands that create and attach them; run the commands of each role with credentials of its account. A role can have 10 \
managed policies unless you ask AWS for more. The command itself creates nothing.

  landfall iam --principal arn:aws:iam::111111111111:role/landfall";

pub(super) const SIM: &str = "\
Speaks the protocols of CloudFormation, ECS, S3, STS, CloudWatch Logs and Elastic Load Balancing to any client. The access \
key is the account: twelve digits. It needs no credentials and keeps nothing after it ends. It starts the tasks of \
schedules and of rules at their times. /_landfall/faults makes images crash, resources fail, and calls get lost, denied or throttled. \
/_landfall/hands changes, scales and deletes resources outside CloudFormation, /_landfall/custom-resources lists what custom resources \
wait for, and /_landfall/ledger lists every accepted change. /_landfall/ shows it all in a browser. See \
docs/simulating.md.

  landfall sim --listen 127.0.0.1:4566
  curl --data '{\"fault\": \"image-crashes\", \"image\": \"web:2\", \"exit_code\": 1}' \\
      http://127.0.0.1:4566/_landfall/faults
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=any \\
      aws cloudformation describe-stacks --region eu-west-1";
