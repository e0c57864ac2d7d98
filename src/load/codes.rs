//! The one table of problem codes: code, level, documentation.
//!
//! Every code has a folder `tests/load/broken/<code>/` with a repository that has the problem and what is reported of it;
//! a test holds both directions.

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
    SYNTAX "syntax" Error "The file is not TOML. Nothing of it is read, and what depends on it is held; other files are read as usual.";
    NOT_UTF8 "not-utf8" Error "The file is not UTF-8 text. Save it as UTF-8.";
    FILE_TOO_LARGE "file-too-large" Error "The file is larger than landfall reads (2 MiB), so nothing of it is read.";
    TOO_DEEP "too-deep" Error "Tables and lists are nested deeper than any key of landfall needs. Such a file is refused before it is read.";
    LINK "link" Error "A symbolic link or a submodule stands where landfall expects a file or a folder. Links are never followed: put the file there.";
    FILE_NAME "file-name" Error "The name of a file or a project's folder is a name in landfall: a lower-case letter, then lower-case letters, digits and `-`, at most 40 characters; releases may also use capitals, `.` and `_`, at most 100.";
    UNEXPECTED_FILE "unexpected-file" Warning "A file stands in one of landfall's folders where nothing reads it, or a folder has nearly the name of one of landfall's. Probably a typing mistake; it has no effect.";
    MISSING_TEMPLATE "missing-template" Error "A step of kind `cloudformation` names a template that the project's folder `templates/` does not have.";
    TEMPLATE_SYNTAX "template-syntax" Error "A template is neither JSON nor the YAML that CloudFormation reads, is nested too deep or expands to too much, or says something that not every reader takes for the same.";
    TEMPLATE "template" Error "CloudFormation would refuse the template: it has no resources, a section or a logical id that cannot be, or refers to something that is not there.";
    TEMPLATE_FUNCTION "template-function" Warning "A template calls a function that landfall does not know. CloudFormation refuses those that it does not know either.";
    TEMPLATE_PLACEHOLDER "template-placeholder" Error "A placeholder stands where a template has to be literal. A value fills a string; it never names a resource or a function, and never decides whether something exists, so that a reviewer sees in the template what there is.";
    TEMPLATE_PARAMETER "template-parameter" Error "A step of kind `cloudformation` gives a value to a parameter that its template does not declare, or none to one that has no default; or the declaration has no type.";
    RESOURCE_PROPERTY "resource-property" Error "A resource has a property that only AWS sets, lacks one that it needs, or gives one a value of a kind that it cannot have, by the resource schemas that AWS publishes.";
    DOUBTFUL_PROPERTY "doubtful-property" Warning "A resource in a template has a property, a value or a length that the resource schemas of AWS do not have, in the version that this landfall carries. It is probably a mistake; AWS may also have added it since.";
    SECRET_PARAMETER "secret-parameter" Error "A parameter that is declared NoEcho has its value in the repository: a step gives it, or the template as its default. Secrets are only referred to: leave a default out, and give a dynamic reference, which CloudFormation resolves.";
    UNUSED_TEMPLATE "unused-template" Warning "No step uses the template, so it has no effect.";
    MISSING_FILE "missing-file" Error "A file that must be there is not: `landfall.toml` at the root, `project.toml` and `process.toml` in every project.";
    UNKNOWN_KEY "unknown-key" Error "The file has a key that landfall does not know. A misspelt key would otherwise be a setting that silently does nothing.";
    MISSING_KEY "missing-key" Error "A key that has no default is not there.";
    WRONG_TYPE "wrong-type" Error "The value has another type than the key takes.";
    INVALID_VALUE "invalid-value" Error "The value has the right type but is not one that the key takes: out of range, not of the needed form, or none of the listed words.";
    INVALID_NAME "invalid-name" Error "A name or an id in a file: a lower-case letter, then lower-case letters, digits and `-`, at most 40 characters.";
    UNKNOWN_ACCOUNT "unknown-account" Error "A target names an account that `[accounts]` in `landfall.toml` does not have.";
    UNKNOWN_ENVIRONMENT "unknown-environment" Error "A lifecycle, a target, a tenant, a freeze, waves, a step, a variable's scope or the name of a deploy file names an environment that has no file in `environments/`.";
    UNKNOWN_LIFECYCLE "unknown-lifecycle" Error "A project names a lifecycle that has no file in `lifecycles/`.";
    UNKNOWN_TARGET "unknown-target" Error "A variable's scope, or a reference to an output, names a target that has no file in `targets/`.";
    UNKNOWN_TENANT "unknown-tenant" Error "A target, a freeze, a step, a deploy file, an allowance or a variable's scope names a tenant that has no file in `tenants/`.";
    UNKNOWN_TAG "unknown-tag" Error "A tag is written `set/tag`, and `[tag_sets]` in `landfall.toml` has no such set, or the set no such tag.";
    UNKNOWN_PROJECT "unknown-project" Error "A tenant, a freeze or a reference to an output names a project that has no folder in `projects/`, or a tenant's value one that the tenant is not connected to.";
    UNKNOWN_TIME_ZONE "unknown-time-zone" Error "A freeze or a schedule names a time zone that the IANA database does not have.";
    UNKNOWN_STEP "unknown-step" Error "A variable's scope, `after` of a step or a reference to an output names a step that the project's process does not have.";
    UNKNOWN_ROLE "unknown-role" Error "A variable's scope names a role that no target offers, so the value could never apply.";
    UNKNOWN_CHANNEL "unknown-channel" Error "A release, a step or a variable's scope names a channel that the project does not have. A release without `channel` is one of the channel `default`.";
    UNKNOWN_VARIABLE_SET "unknown-variable-set" Error "A project includes a variable set that has no file in `variables/`.";
    UNKNOWN_VARIABLE "unknown-variable" Error "A placeholder names a variable that neither the project nor any set that it includes gives a value.";
    UNKNOWN_IMAGE "unknown-image" Error "A container, a release or a rule of a channel names an image that `[images]` in `process.toml` does not have.";
    UNKNOWN_CONTAINER "unknown-container" Error "A dependency, a load balancer or a service registry names a container that the step does not have.";
    UNPROVED_IMAGE "unproved-image" Warning "A template with a service of ECS has a container whose image comes from the release, and nothing tells which one it is: the text has more in it than `#{images.<name>}`, or containers of one name in several task definitions have different images. A deployment then counts as a success whatever image that container runs. `[step.images]` names it; containers with names of their own are told apart.";
    MISSING_RELEASE "missing-release" Error "A deploy file pins a release that has no file in `releases/`. The environment stays as it is.";
    ROLE_NOT_OFFERED "role-not-offered" Error "No target offers the role that a step asks for, so the step would be deployed nowhere.";
    DUPLICATE_ID "duplicate-id" Error "Two environments, targets, tenants, projects or steps have the same id. Ids go into stack names, so both would be the same stacks.";
    STEP_CIRCLE "step-circle" Error "Steps wait for each other, so none of them could begin. The circle is named whole: take one `after` out of it.";
    STEP_ORDER "step-order" Error "What a step says of its order contradicts itself: `after` and `parallel` together, or `parallel` without a step above it.";
    OUTPUT_REFERENCE "output-reference" Error "A reference to an output of a stack stands where it cannot: in a variable's value, or in a text that has to be known before anything is deployed; or it is not written as one.";
    UNKNOWN_OUTPUT "unknown-output" Error "A reference names an output that the step's stacks do not have.";
    PROJECT_CIRCLE "project-circle" Error "Projects use outputs of each other in a circle, so every one of them would wait for another one's stacks. The circle is named whole.";
    DUPLICATE_STEP "duplicate-step" Error "Two steps of a process have the same name.";
    DUPLICATE_CONTAINER "duplicate-container" Error "Two containers of a step have the same name. ECS refuses such a task definition.";
    DUPLICATE_PORT "duplicate-port" Error "Two containers of a step use the same port, or one names a port twice. The containers of a task share one network interface; in network mode `bridge` each has its own, and what may be there once is the port of the instance.";
    DUPLICATE_VARIABLE "duplicate-variable" Error "A variable has two values of exactly the same scope in the same file, or in two variable sets that one project includes; neither could win.";
    STACK_COLLISION "stack-collision" Error "Two different steps or projects would use one stack: their ids, joined by `-`, are the same name. Give one of them another id.";
    EQUAL_VERSIONS "equal-versions" Error "Two releases of a project are the same version, like `1.0` and `1.0.0`; neither is the higher one.";
    LIFECYCLE_WITHOUT_PHASES "lifecycle-without-phases" Error "The lifecycle has no `[[phase]]`: a release could go nowhere.";
    EMPTY_PHASE "empty-phase" Error "A phase has no environment. One that names none holds every environment that no other phase names; here none is left for it.";
    ENVIRONMENT_IN_TWO_PHASES "environment-in-two-phases" Error "A lifecycle names an environment twice. Whether a release may enter it would have two answers.";
    PROGRESS_OUT_OF_REACH "progress-out-of-reach" Error "A phase asks for success in more environments than it has, or in none: the next phase could never open, or the rule says nothing.";
    ENVIRONMENT_UNUSED "environment-unused" Warning "No lifecycle of any channel has the environment, so nothing is ever deployed to it.";
    ENVIRONMENT_WITHOUT_TARGET "environment-without-target" Warning "No target belongs to the environment, so nothing can be deployed to it.";
    DEPLOY_OUTSIDE_LIFECYCLE "deploy-outside-lifecycle" Error "A deploy file is for an environment that no lifecycle of the project's channels has, so no release could ever reach it.";
    DEFAULT_CHANNEL "default-channel" Error "A project has exactly one default channel: the one that says `default = true`, or where none does, the one called `default`.";
    VERSION_RANGE "version-range" Error "A channel's range of versions cannot be read. Ranges are written as NuGet and Maven write them: `[1.0,2.0)` from 1.0 up to but without 2.0, `(,1.0]` up to 1.0, `[1.0]` exactly 1.0, `1.0` that or higher.";
    PRE_RELEASE "pre-release" Error "A channel's pattern for the pre-release part of tags is not a regular expression.";
    WAVE_GROUP "wave-group" Error "Waves need at least one group.";
    FREEZE_WINDOW "freeze-window" Error "A freeze needs at least one window, which begins before it ends; `last` goes with `every` and is not before the first beginning. A freeze that cannot be read holds everything, because what it was meant to stop is not known.";
    FREEZE_OF_NOTHING "freeze-of-nothing" Warning "A freeze names projects, environments and tenants that never meet, so it holds nothing.";
    WAVE_WITHOUT_MEMBERS "wave-without-members" Warning "A group of waves has nobody in it: no tenant that is connected to the project (or no target) has its tags, or an earlier group has them all.";
    UNTENANTED_PROJECT "untenanted-project" Error "A tenant is connected to a project that is not deployed for tenants.";
    TENANT_OUTSIDE_LIFECYCLE "tenant-outside-lifecycle" Error "A tenant is connected to a project in an environment that no lifecycle of the project's channels has, so no release could ever reach it there.";
    PIN_NOT_CONNECTED "pin-not-connected" Error "A deploy file names a release for a tenant that is not connected to the project there. The environment stays as it is.";
    PIN_OUTSIDE_CHANNEL "pin-outside-channel" Error "A deploy file pins a release for a tenant, and the release's channel is not for tenants with its tags. The pin would wait for ever: pin a release of another channel for the tenant, or add one of its tags to `tenants` of the channel.";
    CHANNEL_NOT_FOLLOWED "channel-not-followed" Warning "A deploy file follows a channel, or pins a release of one, and an earlier environment that its releases must pass neither follows the channel nor pins a release of it. They wait until somebody pins each of them there. Write the channel into `follow` of the earlier environment's deploy file.";
    TENANT_WITHOUT_TARGET "tenant-without-target" Warning "A tenant is connected to an environment in which no target takes it, so nothing can be deployed for it.";
    PHASE_OUT_OF_REACH "phase-out-of-reach" Error "A phase asks for success in more environments than a tenant is judged by: those that it is connected to, and those in which the project has a deployment without a tenant. Its releases would wait for ever.";
    TENANT_VALUE_MISSING "tenant-value-missing" Error "A tenant that gets a project has no value of a tenant variable that the project requires. It stays at what was deployed, where the release uses the variable.";
    UNDECLARED_TENANT_VALUE "undeclared-tenant-value" Error "A tenant gives a value to a variable that no release of the projects it is connected to declares with `[[tenant_variable]]`. It has no effect, and probably another one was meant.";
    TENANT_VALUE_TYPE "tenant-value-type" Error "A tenant's value is of another type than the declaration of the variable asks for.";
    TENANT_VARIABLE_WITH_VALUE "tenant-variable-with-value" Error "A variable that is declared for tenants has a value of its own too. What tenants without a value have is its `default`.";
    VARIABLE_TYPE "variable-type" Error "All values of a variable are of one type (text, number, boolean or list), and a default is of the declared one.";
    VARIABLE_TIE "variable-tie" Error "Two values of a variable have scopes of equal rank, and both fit. landfall never picks one.";
    TAG_NOT_ADMITTED "tag-not-admitted" Warning "The highest release of a channel has an image whose tag the channel's rules do not admit. Rules are for `landfall release new`; a release that was written otherwise is deployed all the same.";
    CONTROL_CHARACTER "control-character" Error "A text has a control character other than tab and line break. Written to a terminal it could colour or hide what is said.";
    PROCESS_WITHOUT_STEPS "process-without-steps" Error "The process has no `[[step]]`: there is nothing to deploy.";
    PLACEHOLDER "placeholder" Error "A `#{` is not followed by the name of a variable and `}`. Write `##{` for the characters themselves.";
    VARIABLE_NAME "variable-name" Error "The name of a variable: letters, digits, `_` and `-`. Names with a dot are landfall's own, like `release.version`.";
    FARGATE_SIZE "fargate-size" Error "Fargate has fixed pairs of CPU and memory; AWS refuses any other task definition.";
    TASK_SIZE "task-size" Error "A task on instances has at least 128 CPU units and 6 MiB.";
    NOT_WITH_LAUNCH "not-with-launch" Error "The step's `launch` or `network_mode` does not have this key or value; AWS refuses the task definition or the service, or ignores what is written.";
    CAPACITY "capacity" Error "Capacity providers, placement and rebalancing contradict the step's `launch` or each other.";
    UNKNOWN_VOLUME "unknown-volume" Error "A mount point names a volume that the step does not have.";
    DUPLICATE_VOLUME "duplicate-volume" Error "Two volumes of a step have the same name. ECS refuses such a task definition.";
    VOLUME "volume" Error "A volume or a mount point is not one that ECS takes: a root directory beside an access point, an access point without encryption, a volume of EBS without a size, a path that is not absolute.";
    LOG_OPTIONS "log-options" Error "A log driver lacks an option that it needs, or `awslogs` has one that it does not know, or two that exclude each other.";
    EXEC_ON_READ_ONLY_ROOT "exec-on-read-only-root" Warning "`execute_command` does nothing for a container with `read_only_root`, unless volumes that can be written are mounted where the agent of ECS Exec writes: `/var/lib/amazon` and `/var/log/amazon`.";
    FIRELENS "firelens" Error "Containers that send their logs to a router need one container with `firelens_configuration`, and that is not themselves.";
    RIGHTS "rights" Error "Rights go to roles that landfall makes, not to given ones; a statement has actions and resources, and policies are named by their ARNs.";
    BALANCING "balancing" Error "An own target group, listener rule, listener or load balancer is not one that Elastic Load Balancing takes.";
    LISTENER_PRIORITY "listener-priority" Warning "Several stacks would make a rule on one listener with one priority; Elastic Load Balancing refuses the second. A listener or a priority that comes from a variable can be another one in each environment and for each tenant.";
    DEPLOYMENT_STRATEGY "deployment-strategy" Error "The deployment's strategy and its settings contradict each other or the step's target groups, or it takes longer than CloudFormation waits: 36 hours, and 33 for what bakes in steps.";
    SCALING "scaling" Error "Bounds, policies or schedules are not such as Application Auto Scaling takes; with `scaling`, `desired_count` is left out.";
    SCHEDULE "schedule" Error "EventBridge Scheduler does not take the expression, the times, the queue or the task of an `ecs-schedule`.";
    TASK_RUN "task-run" Error "A task that runs once may take 10 seconds to 7 days, and is given no volumes of EBS; what a template runs is one of its task definitions.";
    CONTAINER_SIZES "container-sizes" Error "The containers reserve more CPU or memory than the task has, or a container's soft limit is above its hard limit.";
    STEP_WITHOUT_CONTAINERS "step-without-containers" Error "The step has no `[[step.container]]`.";
    NO_ESSENTIAL_CONTAINER "no-essential-container" Error "No container of the step is essential. ECS refuses such a task definition.";
    LOAD_BALANCER_PORT "load-balancer-port" Error "A load balancer names a port that its container does not have.";
    PORT_NAME "port-name" Error "The name of a port is made of lower-case letters, digits, `_` and `-`, at most 64, does not begin with `-`, and is unique in the step. Service Connect knows ports by it, and `app_protocol` is for Service Connect.";
    UNKNOWN_PORT_NAME "unknown-port-name" Error "Service Connect names a port that no container of the step has. Ports have names where they are written as `ports = [{ port = 8080, name = \"web\" }]`.";
    SERVICE_CONNECT "service-connect" Error "What the service says of Service Connect is not such as ECS takes, or contradicts the step's network mode, strategy or ports.";
    SERVICE_REGISTRY "service-registry" Error "The service of Cloud Map, its records or the port that is found contradict each other or the step's network mode.";
    UNKNOWN_RESOURCE "unknown-resource" Error "A patch names a resource that the step does not render, and says no type of one that is added. `landfall render` shows the logical ids, and docs/modelling.md lists them.";
    PATCH_PATH "patch-path" Error "The path of a patch leads nowhere in what the step renders: there is no such property, the list has no such item, or a function stands there.";
    PATCH "patch" Error "A patch changes nothing, or what another patch changes, or adds what is there already. Which of them holds should not depend on their order.";
    PATCH_OF_PROOF "patch-of-proof" Error "A patch changes what landfall relies on: what it proves success from (the service's task definition, name and image of the step's containers), where the stack is, and names by which roles and logs are found.";
    DEPENDENCY_CYCLE "dependency-cycle" Error "Containers wait for each other in a circle, so none of them would start.";
    DEPENDENCY_CONDITION "dependency-condition" Error "A container waits for something that cannot happen: for the health of a container without a health check, or for the end of an essential one.";
    HEALTH_CHECK_COMMAND "health-check-command" Error "The command of a health check begins with `CMD` (arguments follow, one element each) or `CMD-SHELL` (one line for a shell).";
    SECRET_AND_VARIABLE "secret-and-variable" Error "A container has the same name both as a plain variable and as a secret. ECS refuses such a task definition.";
    SECRET_REFERENCE "secret-reference" Error "A secret is a reference: either `secret` (with `key` where its value is JSON), or `parameter`.";
    TAGS "tags" Error "At most 50 tags; keys up to 128 characters that do not begin with `aws:`, values up to 256. `landfall:` is for landfall's own.";
    ARN "arn" Error "The text is not an ARN of the kind that is needed: `arn:aws:…`, or with another partition like `aws-cn`, `aws-us-gov` or `aws-eusc`.";
    LOG_RETENTION "log-retention" Error "CloudWatch Logs keeps logs for certain numbers of days only, and a step has a log group only where something of it writes there.";
    PERCENT_RANGE "percent-range" Error "The percentages of a rolling deployment: the minimum is 0 to 100, the maximum 100 to 200 or more, and together they must leave room to stop or start a task.";
    NO_SUBNETS "no-subnets" Error "Neither the step nor a target that it goes to names subnets, and Fargate tasks need them.";
    RELEASE_VERSION "release-version" Error "The name of a release file is its version, and this one does not begin with a number.";
    RELEASE_FORMAT "release-format" Error "The release was made under rendering rules that this version of landfall does not have.";
    RELEASE_LACKS_IMAGE "release-lacks-image" Error "The release has no tag for an image that a container of its process uses.";
    RELEASE_EDITED "release-edited" Error "A landed release was edited, or landed again with other content. What landed first stays in force: make a new release.";
}
