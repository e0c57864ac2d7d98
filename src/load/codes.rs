//! The one table of problem codes: code, level, documentation.
//!
//! Every code has a folder `tests/load/broken/<code>/` with a repository that has the problem, and the expected report. A
//! test checks both directions. What only a clone can have is in `tests/cli/clones.rs`.

use crate::problem::Level;

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its name, like `unknown-environment`.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What it means, why it matters and what to do, in a paragraph.
    pub doc: &'static str,
}

/// The code of this name.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().copied().find(|entry| entry.code == code)
}

/// The codes that an `[[accept]]` may name: warnings, and one error that only its author can judge. Not those of a clone, which are over once its owner has acted, and not
/// those of acceptances.
pub fn acceptable() -> impl Iterator<Item = &'static Code> {
    let never = [IGNORED_FILE, FOXTROT_MERGE, ACCEPT_OVER, ACCEPT_IDLE];
    let errors_too = [SNAPSHOT_DIFFERS, SNAPSHOT_MISSING, SECRET_PARAMETER];
    let warns = move |code: &&Code| code.level == Level::Warning || errors_too.contains(code);
    CODES.iter().copied().filter(move |code| warns(code) && !never.contains(code))
}

/// Whether only the history shows problems of this code.
pub fn needs_history(code: &str) -> bool {
    [SNAPSHOT_DIFFERS, SNAPSHOT_MISSING].iter().any(|known| known.code == code)
}

macro_rules! codes {
    ($($name:ident $code:literal $level:ident $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub const $name: &Code = &Code { code: $code, level: Level::$level, doc: $doc };
        )*
        /// Every code, in the order of the documentation.
        pub const CODES: &[&Code] = &[$($name),*];
    };
}

codes! {
    SYNTAX "syntax" Error "The file is not valid TOML. landfall cannot read it, and holds everything that depends on it. Other files are read as usual.";
    NOT_UTF8 "not-utf8" Error "The file is not UTF-8 text. Save it as UTF-8.";
    FILE_TOO_LARGE "file-too-large" Error "The file is larger than 2 MiB, so landfall does not read it. Split it or make it smaller.";
    TOO_DEEP "too-deep" Error "Tables and lists are nested deeper than any key of landfall needs, so landfall rejects the file before it reads it.";
    LINK "link" Error "A symbolic link or a submodule is where landfall expects a file or a folder. landfall does not follow it: commit the file itself. landfall holds everything that this file could affect.";
    FILE_NAME "file-name" Error "The file or folder name is not a valid name. Names of files and of project folders start with a lower-case letter and continue with lower-case letters, digits and `-`, at most 40 characters. Names of release files may also contain capitals, `.` and `_`, at most 100 characters.";
    UNEXPECTED_FILE "unexpected-file" Warning "landfall does not read this file or folder, so it has no effect. Check the name for a typing mistake.";
    MISSING_TEMPLATE "missing-template" Error "A step of kind `cloudformation` names a template that does not exist in the project's folder `templates/`.";
    TEMPLATE_SYNTAX "template-syntax" Error "The template is neither JSON nor YAML as CloudFormation reads it, is nested too deeply, expands to too much, or contains something that different parsers read differently.";
    TEMPLATE "template" Error "CloudFormation would reject the template: it has no resources, an invalid section or logical id, or a reference to something that does not exist.";
    TEMPLATE_FUNCTION "template-function" Warning "The template calls a function that landfall does not know. If CloudFormation does not know it either, the deployment fails.";
    TEMPLATE_PLACEHOLDER "template-placeholder" Error "A placeholder is in a position that must be literal. A value may fill a string, but it may not name a resource or a function or decide whether something exists. That way a reviewer sees in the template which resources exist.";
    TEMPLATE_PARAMETER "template-parameter" Error "A step of kind `cloudformation` sets a parameter that its template does not declare, leaves out a parameter that has no default, or the declaration has no type.";
    RESOURCE_PROPERTY "resource-property" Error "A resource does not fit AWS's published resource schema: it sets a property that only AWS can set, lacks a required property, or has a value of the wrong type.";
    UNKNOWN_TYPE "unknown-type" Warning "landfall knows no resource type of this name. Correct it if it is misspelt: CloudFormation refuses a template with a type that it does not know. If the type is newer than this landfall, the template works all the same.";
    RESOURCE_RULE "resource-rule" Error "AWS would refuse a resource of a template, or what the keys and patches of a step render, although each value alone is possible: values that do not go together, or that other resources of the template contradict. The rules are those of ECS, load balancing, scaling and schedules. A value that is known only later fits every rule; with the values of a slot, it is judged again.";
    DOUBTFUL_PROPERTY "doubtful-property" Warning "A resource in a template has a property, a value or a length that is not in the AWS resource schemas of this landfall version, or values together that AWS documents as not allowed and may accept all the same. It is probably a mistake, unless AWS added it later.";
    SECRET_PARAMETER "secret-parameter" Error "A parameter declared `NoEcho` has its value in the repository, from the step or as the template's default. The repository may only refer to secrets: remove the default and pass a dynamic reference, which CloudFormation resolves. If the value is not a secret (a user name, or a word such as `none`), accept this in `project.toml` with `where` as the parameter's name: `[[accept]]`.";
    UNUSED_TEMPLATE "unused-template" Warning "No step uses the template, so it has no effect. Delete it, or name it in a step.";
    MISSING_FILE "missing-file" Error "A required file does not exist: `landfall.toml` at the root, or `project.toml` or `process.toml` in a project.";
    UNKNOWN_KEY "unknown-key" Error "landfall does not know this key. Unknown keys are errors because a misspelt setting would silently do nothing.";
    MISSING_KEY "missing-key" Error "A required key is missing: it has no default.";
    WRONG_TYPE "wrong-type" Error "The value has the wrong type for this key, for example text instead of a number.";
    INVALID_VALUE "invalid-value" Error "The value has the right type but is not allowed here: it is out of range, malformed, or not one of the listed words.";
    INVALID_NAME "invalid-name" Error "The name or id is not valid. It starts with a lower-case letter and continues with lower-case letters, digits and `-`, at most 40 characters.";
    UNKNOWN_ACCOUNT "unknown-account" Error "A target names an account that does not exist under `[accounts]` in `landfall.toml`.";
    UNKNOWN_ENVIRONMENT "unknown-environment" Error "A lifecycle, target, tenant, freeze, wave, step, variable scope or deploy file names an environment that has no file in `environments/`.";
    UNKNOWN_LIFECYCLE "unknown-lifecycle" Error "A project names a lifecycle that has no file in `lifecycles/`.";
    UNKNOWN_TARGET "unknown-target" Error "A variable's scope or a reference to an output names a target that has no file in `targets/`.";
    UNKNOWN_TENANT "unknown-tenant" Error "A target, freeze, step, deploy file, allowance or variable scope names a tenant that has no file in `tenants/`.";
    UNKNOWN_TAG "unknown-tag" Error "The tag does not exist. Tags are written as `set/tag`; `[tag_sets]` in `landfall.toml` lists the sets and their tags.";
    UNKNOWN_PROJECT "unknown-project" Error "A tenant, a freeze or a reference to an output names a project that has no folder in `projects/`. Or a tenant gives a value for a project that it is not connected to.";
    UNKNOWN_TIME_ZONE "unknown-time-zone" Error "A freeze or a schedule names a time zone that is not in the IANA database. Write it like `Europe/Berlin`.";
    UNKNOWN_STEP "unknown-step" Error "A variable's scope, a step's `after` or a reference to an output names a step that does not exist in the project's process.";
    UNKNOWN_ROLE "unknown-role" Error "A variable's scope names a role that no target offers, so the value could never apply.";
    UNKNOWN_CHANNEL "unknown-channel" Error "A release, a step or a variable's scope names a channel that the project does not have. A release without `channel` belongs to the channel `default`.";
    UNKNOWN_VARIABLE_SET "unknown-variable-set" Error "A project includes a variable set that has no file in `variables/`.";
    UNKNOWN_VARIABLE "unknown-variable" Error "A placeholder names a variable that has no value, neither in the project nor in a variable set that the project includes.";
    UNKNOWN_IMAGE "unknown-image" Error "A container, a release or a channel's rule names an image that is not under `[images]` in `process.toml`.";
    UNKNOWN_CONTAINER "unknown-container" Error "A dependency, a load balancer or a service registry names a container that the step does not have.";
    UNPROVED_IMAGE "unproved-image" Warning "A template defines an ECS service, and landfall cannot tell which image of the release one of its containers runs. Either the container's `Image` contains more than `#{images.<name>}`, or containers with the same name in several task definitions have different images. A deployment then succeeds even if that container runs another image. Name the image in `[step.images]`, or give the containers different names. The image of an `ExpressGatewayService` is never proved.";
    MISSING_RELEASE "missing-release" Error "A deploy file names a release that has no file in `releases/`. If a pin names it, the environment stays as it is. If an allowance names it, the allowance opens nothing.";
    ROLE_NOT_OFFERED "role-not-offered" Error "No target offers the role that the step asks for, so the step would not be deployed anywhere.";
    DUPLICATE_ID "duplicate-id" Error "Two environments, targets, tenants, projects or steps have the same id. Ids are part of stack names, so both would use the same stacks.";
    STEP_CIRCLE "step-circle" Error "Steps wait for each other, so none of them could start. The message lists the whole circle: remove one `after`.";
    STEP_ORDER "step-order" Error "The order of a step contradicts itself: it has both `after` and `parallel`, or `parallel` without a step above it.";
    OUTPUT_REFERENCE "output-reference" Error "A reference to a stack's output is malformed, or is not allowed here. It is not allowed in a variable's value, nor in text that must be known before anything is deployed.";
    UNKNOWN_OUTPUT "unknown-output" Error "A reference names an output that the step's stacks do not have.";
    PROJECT_CIRCLE "project-circle" Error "Projects use each other's outputs in a circle, so each would wait for the stacks of another. The message lists the whole circle.";
    DUPLICATE_STEP "duplicate-step" Error "Two steps of a process have the same name, and a slot may contain both of them; or they have different ids. Steps with the same name share their stacks, so they must not have an environment, a channel or a tenant in common.";
    DUPLICATE_VARIABLE "duplicate-variable" Error "A variable has two values with exactly the same scope in one file, or in two variable sets that one project includes. Neither could win.";
    STACK_COLLISION "stack-collision" Error "Two different steps or projects would use the same stack: their ids, joined by `-`, give the same name. Give one of them another `id`.";
    EQUAL_VERSIONS "equal-versions" Error "Two releases of a project are the same version, like `1.0` and `1.0.0`, so neither is the higher one. Delete or rename one.";
    LIFECYCLE_WITHOUT_PHASES "lifecycle-without-phases" Error "The lifecycle has no `[[phase]]`, so a release could not go anywhere.";
    EMPTY_PHASE "empty-phase" Error "A phase has no environment. A phase that lists no environments contains every environment that the other phases do not name, and here the other phases name all of them.";
    ENVIRONMENT_IN_TWO_PHASES "environment-in-two-phases" Error "A lifecycle names an environment twice, so it is unclear when a release may enter the environment.";
    PROGRESS_OUT_OF_REACH "progress-out-of-reach" Error "A phase requires success in more environments than it has, so the next phase could never open. Or it requires success in zero environments, which has no meaning.";
    ENVIRONMENT_UNUSED "environment-unused" Warning "No lifecycle of any channel contains the environment, so nothing is ever deployed to it.";
    ENVIRONMENT_WITHOUT_TARGET "environment-without-target" Warning "No target belongs to the environment, so nothing can be deployed to it.";
    DEPLOY_OUTSIDE_LIFECYCLE "deploy-outside-lifecycle" Error "The deploy file is for an environment that is in no lifecycle of the project's channels, so no release could ever reach it.";
    DEFAULT_CHANNEL "default-channel" Error "A project needs exactly one default channel. It is the channel with `default = true` or, without such a channel, the channel named `default`.";
    VERSION_RANGE "version-range" Error "A channel's version range cannot be read. Write ranges as in NuGet and Maven: `[1.0,2.0)` is 1.0 or higher and below 2.0, `(,1.0]` is up to 1.0, `[1.0]` is exactly 1.0, `1.0` is 1.0 or higher. `1.x` is every version of 1, as in npm.";
    PRE_RELEASE "pre-release" Error "A channel's pattern for the pre-release part of tags is not a valid regular expression.";
    WAVE_GROUP "wave-group" Error "Waves need at least one group: add `[[waves.group]]`.";
    FREEZE_WINDOW "freeze-window" Error "A freeze needs at least one window that begins before it ends. `last` needs `every`, and must not be before the first window begins. A freeze that cannot be read holds every slot, because landfall cannot know what it was meant to stop.";
    FREEZE_OF_NOTHING "freeze-of-nothing" Warning "The projects, environments and tenants that the freeze names never occur together, so the freeze has no effect.";
    WAVE_WITHOUT_MEMBERS "wave-without-members" Warning "A wave group has no members: no tenant connected to the project (or no target) has its tags, or earlier groups already contain all of them.";
    UNTENANTED_PROJECT "untenanted-project" Error "A tenant is connected to a project that is not deployed per tenant. Set `tenancy` in `project.toml`, or remove the connection.";
    TENANT_OUTSIDE_LIFECYCLE "tenant-outside-lifecycle" Error "A tenant is connected to a project in an environment that is in no lifecycle of the project's channels, so no release could ever reach the tenant there.";
    PIN_NOT_CONNECTED "pin-not-connected" Error "A deploy file pins a release for a tenant that is not connected to the project in that environment. The environment stays as it is.";
    PIN_OUTSIDE_CHANNEL "pin-outside-channel" Error "A deploy file pins a release for a tenant, but the release's channel is not for that tenant, so the pin would wait forever. Pin a release of another channel for the tenant, or add one of the tenant's tags to `tenants` of the channel.";
    CHANNEL_NOT_FOLLOWED "channel-not-followed" Warning "A deploy file follows a channel or pins one of its releases. The releases must first pass an earlier environment, and that environment's deploy file does neither. Each release waits until it is pinned in the earlier environment. Add the channel to `follow` in the earlier environment's deploy file.";
    TENANT_WITHOUT_TARGET "tenant-without-target" Warning "A tenant is connected to an environment in which no target accepts the tenant, so nothing can be deployed for it.";
    PHASE_OUT_OF_REACH "phase-out-of-reach" Error "A phase requires success in more environments than count for a tenant, so the tenant would wait forever. An environment counts if the tenant is connected to it, or if the project is deployed there without a tenant.";
    TENANT_VALUE_MISSING "tenant-value-missing" Error "A tenant lacks a value for a tenant variable that its project requires. If the release uses the variable, the tenant keeps what is deployed.";
    UNDECLARED_TENANT_VALUE "undeclared-tenant-value" Error "A tenant sets a variable, but no release of the projects it is connected to declares the variable with `[[tenant_variable]]`. The value has no effect; check the name.";
    TENANT_VALUE_TYPE "tenant-value-type" Error "A tenant's value has another type than the variable's declaration.";
    TENANT_VARIABLE_WITH_VALUE "tenant-variable-with-value" Error "A variable that is declared for tenants also has a value of its own. Use `default` in the declaration for tenants that set no value.";
    VARIABLE_TYPE "variable-type" Error "All values of a variable must have the same type (text, number, boolean or list), and the default must have the declared type.";
    VARIABLE_TIE "variable-tie" Error "Two values of a variable apply here and rank equally. landfall never picks one: make one scope more specific.";
    TAG_NOT_ADMITTED "tag-not-admitted" Warning "The highest release of a channel has an image tag that the channel's rules do not allow. The rules apply to `landfall release new`; this release is deployed anyway.";
    CONTROL_CHARACTER "control-character" Error "A text contains a control character other than tab and line break. On a terminal it could colour or hide output.";
    PROCESS_WITHOUT_STEPS "process-without-steps" Error "The process has no `[[step]]`, so there is nothing to deploy.";
    PLACEHOLDER "placeholder" Error "A `#{` is not followed by a variable's name and `}`. To write the characters `#{` themselves, write `##{`.";
    VARIABLE_NAME "variable-name" Error "The name of a variable may contain letters, digits, `_` and `-`. Names with a dot, such as `release.version`, are landfall's own.";
    FARGATE_SIZE "fargate-size" Error "Fargate allows fixed pairs of CPU and memory, and AWS rejects any other task definition. The message lists the allowed values.";
    TASK_SIZE "task-size" Error "A task on instances needs at least 128 CPU units and 6 MiB of memory.";
    NOT_WITH_LAUNCH "not-with-launch" Error "This key or value does not work with the step's `launch` or `network_mode`: AWS rejects the task definition or the service, or ignores the setting.";
    CAPACITY "capacity" Error "Capacity providers, placement or rebalancing contradict the step's `launch`, or each other.";
    VOLUME "volume" Error "ECS does not accept the volume or the mount point. Examples: a root directory together with an access point, an access point without encryption, an EBS volume without a size, a path that is not absolute.";
    LOG_OPTIONS "log-options" Error "A log driver lacks an option that it needs, or `awslogs` has an unknown option or two options that exclude each other.";
    EXEC_ON_READ_ONLY_ROOT "exec-on-read-only-root" Warning "`execute_command` does not work in a container with `read_only_root`, because the agent of ECS Exec writes to `/var/lib/amazon` and `/var/log/amazon`. Mount writable volumes there.";
    FIRELENS "firelens" Error "A container that sends its logs to a router needs another container of the step with `firelens_configuration`.";
    RIGHTS "rights" Error "Rights can only be added to a role that landfall makes, not to a role that the step names. A statement needs actions and resources, and a policy is named by its ARN.";
    BALANCING "balancing" Error "Elastic Load Balancing does not accept the step's own target group, listener rule, listener or load balancer.";
    LISTENER_PRIORITY "listener-priority" Warning "Several stacks would add a rule with the same priority to the same listener, and Elastic Load Balancing rejects the second. Use a variable for the listener or the priority, with a different value per environment or tenant.";
    DEPLOYMENT_STRATEGY "deployment-strategy" Error "The settings of the deployment contradict its strategy, each other or the step's target groups. Or the deployment takes longer than CloudFormation waits: 36 hours; the bake times of a linear or canary deployment may add up to 33 hours.";
    SCALING "scaling" Error "Application Auto Scaling does not accept the bounds, policies or schedules, or the step has `desired_count` as well as `scaling`.";
    SCHEDULE "schedule" Error "EventBridge Scheduler does not accept the expression, the times, the queue or the task of an `ecs-schedule` step.";
    TASK_RUN "task-run" Error "A task that runs once has a timeout of 10 seconds to 7 days and no EBS volumes. A template's `run` must name one of the template's task definitions.";
    CONTAINER_SIZES "container-sizes" Error "The containers reserve more CPU or memory than the task has, or a container's soft memory limit is above its hard limit.";
    STEP_WITHOUT_CONTAINERS "step-without-containers" Error "The step has no `[[step.container]]`.";
    LOAD_BALANCER_PORT "load-balancer-port" Error "A load balancer names a port that its container does not have.";
    SERVICE_CONNECT "service-connect" Error "ECS does not accept the Service Connect settings, or they contradict the step's network mode, strategy or ports.";
    SERVICE_REGISTRY "service-registry" Error "The Cloud Map service, its records and the registered port contradict each other or the step's network mode.";
    UNKNOWN_RESOURCE "unknown-resource" Error "A patch names a resource that the step does not render and gives no `type` to add it with. `landfall render` shows the logical ids; docs/modelling.md lists them.";
    PATCH_PATH "patch-path" Error "The path of a patch does not exist in what the step renders: the property or the list item does not exist, or the path leads into a function.";
    PATCH "patch" Error "A patch changes nothing, changes what another patch also changes, or adds something that already exists. The result must not depend on the order of patches.";
    PATCH_OF_PROOF "patch-of-proof" Error "A patch changes something that landfall needs to prove success: the service's task definition, the name or image of a container, the cluster, or a name by which landfall finds roles and logs.";
    SECRET_REFERENCE "secret-reference" Error "A secret must be a reference: `{ secret = \"<ARN>\" }`, with `key` if the secret's value is JSON, or `{ parameter = \"<name>\" }`. Secret values never go into the repository.";
    TAGS "tags" Error "AWS allows at most 50 tags, with keys of at most 128 characters that do not begin with `aws:` and values of at most 256 characters. Keys that begin with `landfall:` are landfall's own.";
    ARN "arn" Error "The text is not an ARN of the kind that this key needs. ARNs begin with `arn:aws:` or another partition, such as `aws-cn`, `aws-us-gov` or `aws-eusc`.";
    LOG_RETENTION "log-retention" Error "CloudWatch Logs does not offer this number of days, or the step says how long its log group keeps entries or what it is called, and has none because nothing in it writes to one.";
    NO_SUBNETS "no-subnets" Error "Fargate tasks need subnets, and neither the step nor one of its targets names any.";
    RELEASE_VERSION "release-version" Error "The name of a release file is its version, and a version begins with a number.";
    RELEASE_FORMAT "release-format" Error "The release was made with rendering rules that this landfall version does not have. Install a newer landfall.";
    RELEASE_LACKS_IMAGE "release-lacks-image" Error "The release has no tag for an image that a container of its process uses.";
    RELEASE_EDITED "release-edited" Error "A landed release was edited, or added again with different content. Slots that run the release keep the first content. It enters no further slot until its file has the first content again. For a change, make a new release.";
    NEWER_RULE "newer-rule" Warning "The files that a landed release is made of break a rule that this version of landfall has and an earlier one did not. The release stays what it is, and can be deployed where it ran or had landed before; AWS may refuse it. Correct the head and make a new release. Without facts, `check` takes every landed release to be older than the rule.";
    SNAPSHOT_DIFFERS "snapshot-differs" Error "The key `inputs` of the release's file does not match the process and variables that the release landed with, so landfall would deploy something that was not reviewed. Run `landfall release refresh` to take today's process and variables, or make a new release. It is a warning if a newer release of the channel can be deployed.";
    SNAPSHOT_MISSING "snapshot-missing" Error "The `snapshot` of a release is not a commit of the branch that landfall follows. Name a commit of that branch. It is a warning if a newer release of the channel can be deployed.";
    ACCEPT "accept" Error "An `[[accept]]` names something that cannot be accepted: an error, a gate, a risk of a single change, or a name that landfall does not know. Or it has no place or no reason, or the same file accepts the same finding twice. It does not count, and holds nothing.";
    ACCEPT_OVER "accept-over" Warning "The last day of an `[[accept]]` is over, so the finding counts again. Fix the finding and delete the lines, or set a later `until` if the reason still holds.";
    ACCEPT_IDLE "accept-idle" Warning "Nothing has the finding that an `[[accept]]` is about. Delete its lines, or correct `what` or `where`. landfall looks for this only in a repository without errors, because an error can hide a finding. For a risk, `check` renders every stack of the head, and of the releases that are pinned or enter automatically. `snapshot-differs` and `snapshot-missing` need the history of a clone.";
    UNCOMMITTED_FILE "uncommitted-file" Note "Files in the folder are not in git yet. `check` reads them, but a daemon only reads commits. Reported only in a clone.";
    IGNORED_FILE "ignored-file" Warning "git ignores a file in one of landfall's folders, so no commit will contain it and no daemon will read it. Reported only in a clone.";
    HISTORY_NOT_CHECKED "history-not-checked" Note "The clone is shallow, or git cannot read it, so landfall cannot check whether landed releases were edited. With `check --history` this is an error. `git fetch --unshallow` fetches the history.";
    FOXTROT_MERGE "foxtrot-merge" Warning "The last merge has the followed branch as its second parent. The releases of the followed branch would land again, with the files of the merge. Rebase instead, or merge your branch into the followed branch. `check` reports the merge in a clone before you push. After the merge has landed, `plan`, `status` and the daemon report it until the next release lands. Releases that the daemon saw before the merge keep their files.";
}
