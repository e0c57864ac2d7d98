//! landfall deploys to Amazon ECS and CloudFormation from a git repository of TOML files.
//!
//! A commit that lands on the tracked branch *is* the deployment order. landfall reads the commit, works out which stacks
//! should exist and what release each should carry, compares that with what is deployed, and moves releases through their
//! environments. This page is the architecture: read it before any module.
//!
//! # Bird's-eye view
//!
//! Data goes one way:
//!
//! ```text
//! git commit ─► FileTree ─► Catalog + Problems ─► decisions ─► wanted stacks ─► Plan + Report ─► engine ─► journal ─► status
//!    git/        tree/      load/      model/    promote/      template/        plan/           engine/    store/    web/ cli/
//!                                                    ▲                             ▲               │
//!                                                    └──────── facts, observed ────┴───────────────┴─► cloud/ ─► aws/ or sim/
//! ```
//!
//! Everything up to the plan is pure: the planner gets the catalog, the facts, what AWS shows and the time as values, and
//! returns a plan that leaves nothing to choose, and a report that says for every slot why it moves, is current, or is
//! held. The engine carries the plan out and writes a journal; the facts of the next plan are folded from that journal.
//!
//! # Entry points
//!
//! * [`load::Loader`] makes a [`model::Catalog`] and every problem from the files of one commit.
//! * [`plan::plan`] makes a [`plan::Planned`] from catalog, facts, observed stacks and the time.
//! * [`template::render`] makes the content of one stack, offline and exactly.
//! * [`engine::Engine`] carries a plan out: intent first, then the call, then the proof.
//! * [`daemon::Daemon`] takes turns; `landfall daemon` wires it to git, a store and AWS.
//!
//! # Code map
//!
//! | module | its job | may use |
//! | --- | --- | --- |
//! | [`model`] | the nouns, valid once built; facts, observations, journal records | terms |
//! | [`terms`] | sizes, words and expressions that AWS names | – |
//! | [`problem`] | problems with places | model |
//! | [`tree`] | path → bytes at one commit; history | model |
//! | [`cfn`] | CloudFormation documents, and what AWS refuses in them | terms |
//! | [`load`] | files → catalog and problems | model, tree, problem, cfn, template, terms |
//! | [`template`] | variables; shape and fill; one file per step kind | model, problem, cfn, terms |
//! | [`promote`] | desired releases and gates | model |
//! | [`compare`] | two documents → changes | model, cfn |
//! | [`plan`] | wanted stacks, orphans, guards, plan and report | model, promote, template, compare, cfn |
//! | [`view`] | any report as text or JSON | model, compare, plan, problem |
//! | [`edit`] | a file and an intention → edited text | model |
//! | [`crash`] | the places at which a test kills the process | – |
//! | [`cloud`] | the port to AWS: [`cloud::Observe`] for readers, [`cloud::Change`] for the engine | model |
//! | [`registry`] | the port to registries of images, and any that speaks OCI's protocol; which tag is chosen | model |
//! | [`aws`] | both ports over the AWS SDK | model, crash, cloud, registry |
//! | [`sim`] | a simulated account, in process and over the wire | model, cloud, cfn |
//! | [`git`] | mirror, history, facts on a ref, watching, writing commits | model, crash, tree |
//! | [`store`] | journal and lease | model, crash |
//! | [`engine`] | a pure state machine and the driver of its effects | model, plan, cloud, store |
//! | [`daemon`] | turns | the ports, load, template, plan, engine |
//! | [`forge`] | the port to GitHub, GitLab, Gitea and Forgejo; what a pull request lacks | model, view |
//! | [`web`] | the JSON API and webhooks | model, plan, view, store |
//! | [`cli`] | one file per command; wiring, printing, exit codes | all |
//!
//! # Invariants
//!
//! Each is held by `tests/architecture`, or by the tests named.
//!
//! * The planner does no I/O and knows neither clock nor random numbers: they come in as values.
//! * Only `aws/` names the AWS SDK, only `git/` names git2, only `store/` names the database, only `cli/` wires and prints.
//! * Readers get [`cloud::Observe`] and cannot change anything.
//! * The arrows of the code map point one way.
//! * Nothing in a repository is ever executed, and nothing outside a commit's tree is ever read for it.
//! * *What* a release deploys comes from its snapshot, *where and when* from the branch head.
//! * The commit that a release was first seen to come from never moves, and is kept through force-pushes by a ref of the
//!   mirror (`tests/load/landings`). No ref is made in a user's repository but the facts', where the operator says so.
//! * A value fills a leaf and can never change a template's structure (`tests/template`).
//! * A key of a step that only fills a property is declared in one place, [`model::process::Value`], and does something in each kind of
//!   step that has it (`tests/template/keys.rs`).
//! * An intent is in the journal before its call is made; a call whose outcome is unknown is never repeated blindly
//!   (`tests/engine`, and the seeds in `tests/daemon`).
//! * A token is used for one thing, and repeated exactly as it was journaled, whatever became of the store since. A restored
//!   or copied store learns what runs and takes nothing back; stacks of another store are the operator's question, and
//!   nothing is changed before the answer (`tests/engine/incarnations.rs`, `tests/cli/stores.rs`).
//! * landfall reports what others change in its stacks, or puts it right if the environment says so; no such stack is silently current
//!   (`tests/plan/drift.rs`, the stories of what is changed by hand, and the seeds).
//! * A record of the journal that is missing, swapped or altered is named, and stops the daemon before it changes anything; so
//!   does a store file that is deleted or replaced under it (`tests/store`).
//! * What a kill leaves in store and mirror stops no later start (`tests/git/leftovers`, `tests/cli/damage`).
//! * What a review says before a merge is what the daemon does after it: a review is the planner, run on a world in which what it
//!   orders succeeds (`tests/stories/merge`).
//! * What the repository accepts is shown, changes no stack and opens no gate; the head decides about it (`tests/cli/accepts.rs`).
//! * Success is proved from ECS, never believed from a stack's status.
//! * A turn ignores what woke it, so the path after a restart is the path of every day.
//! * The whole daemon runs in one thread on virtual time from one seed: same seed, same trace.

pub mod aws;
pub mod cfn;
pub mod cli;
pub mod cloud;
pub mod compare;
pub mod crash;
pub mod daemon;
pub mod edit;
pub mod engine;
pub mod forge;
pub mod git;
pub mod load;
pub mod model;
pub mod plan;
pub mod problem;
pub mod promote;
pub mod registry;
pub mod sim;
pub mod store;
pub mod template;
pub mod terms;
pub mod tree;
pub mod view;
pub mod web;
