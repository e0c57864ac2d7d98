//! The codes of render problems, with their documentation.
//!
//! Rendering finds what no single file shows: which value wins for a step, environment and target, and what a text becomes
//! once it is filled. If the loader can find the same problem earlier, it uses the same code.

macro_rules! codes {
    ($($name:ident $code:literal $doc:literal;)*) => {
        $(#[doc = $doc] pub(super) const $name: &str = $code;)*

        /// Every code that a render problem can have, with its documentation, sorted by code.
        pub const CODES: &[(&str, &str)] = &[$(($code, $doc)),*];
    };
}

codes! {
    ARN_PARTITION "arn-partition" "An ARN or an image registry belongs to another AWS partition than the target, and partitions cannot reach each other. `aws-cn` is for regions in China, `aws-us-gov` for GovCloud, and `aws-eusc` for the European Sovereign Cloud. `aws-iso…` is for regions that are isolated from the internet, and `aws` for all others.";
    BOOLEAN "boolean" "A variable supplies something other than `true` or `false`, and the key needs one of the two.";
    CONTAINER_SIZES "container-sizes" "With the numbers that variables supply, the containers need more CPU or memory than the task has, or a container reserves more memory than its limit.";
    DUPLICATE_LOGICAL_ID "duplicate-logical-id" "Two resources or outputs of a step would have the same logical id, so one would replace the other.";
    EFS_ID "efs-id" "A file system or an access point must be named by its id. The id becomes part of the task role's rights, so it must not match anything else.";
    FAMILY "family" "With its placeholders filled, the name of a family of task definitions is not valid for ECS. The name becomes part of the schedule role's rights, so it must not match anything else.";
    FARGATE_SIZE "fargate-size" "Fargate allows fixed pairs of CPU and memory, and the pair that variables supply is not one of them.";
    FUNCTION_ARN "function-arn" "A Lambda function must be named by its ARN. The ARN becomes part of the rights of the role that calls the function, so it must not match anything else.";
    IMAGE_REPOSITORY "image-repository" "With its placeholders filled, the repository of an image is not valid for ECS. It contains a tag, a digest or a character that is not allowed, or is longer than 255 characters.";
    IMAGE_WITHOUT_DIGEST "image-without-digest" "A text uses the digest of an image, and the release records only a tag.";
    KEY "kms-key" "A KMS key must be named by its id, its ARN or an alias such as `alias/orders`. It becomes part of a role's rights, so it must not match anything else.";
    LIST_IN_TEXT "list-in-text" "A list is used where a single text is needed. A placeholder for a list must be a whole element of a list.";
    LOG_GROUP "log-group" "With its placeholders filled, the name of a log group is not valid for CloudWatch Logs. The name becomes part of the execution role's rights, so it must not match anything else.";
    NETWORK "network" "With its placeholders filled, the text is not a network. A network is an address, `/` and the length of the prefix, such as `10.0.0.0/8`. For IPv6, write at least one `:` in the step itself, as in `#{network}::/32`.";
    NETWORK_SIZE "network-size" "The number of subnets or security groups is not allowed. A task accepts 1 to 16 subnets and at most 5 security groups. If landfall adds a group that admits a load balancer, name 1 to 4 groups. An own application load balancer needs at least 2 subnets, and a schedule at least 1 security group.";
    NO_TENANT "no-tenant" "A slot without a tenant uses something that only tenants have: a tenant variable without a default, `tenant.name` or `tenant.id`.";
    NUMBER "number" "A variable supplies something other than a number, such as a fraction where the key needs a whole number, or a number that is too small or too large for the key.";
    OBJECT_ARN "object-arn" "An S3 object must be named by its ARN. The ARN becomes part of the execution role's rights, so it must not match anything else.";
    OUTPUT_REFERENCE "output-reference" "A reference to a stack's output is malformed, or is not allowed here. It is not allowed in a variable's value, nor in text that must be known before anything is deployed.";
    OUTPUT_TARGET "output-target" "A reference to an output does not lead to exactly one stack. In this environment and for this tenant, the step has no stack, or has several on other targets.";
    OVER_LIMIT "over-limit" "The stack exceeds a limit of CloudFormation or ECS. A template above 51,200 bytes needs a `template_bucket` in its target's file; CloudFormation accepts no template above 1 MB.";
    PARAMETER_NAME "parameter-name" "An SSM parameter must be named by its name or its ARN. It becomes part of the execution role's rights, so it must not match anything else.";
    PARAMETER_VALUE "parameter-value" "The value of a template parameter does not fit its declaration: its type, `AllowedValues`, `AllowedPattern`, length or bounds.";
    PATCH "patch" "The patch cannot be applied to what the step renders.";
    PRIORITY_TAKEN "priority-taken" "Two stacks that the repository deploys would add a rule with the same priority to the same listener, and Elastic Load Balancing rejects the second. The priorities and listeners are those of the releases that slots run or are about to run, with variables filled in. Give each stack its own priority or its own listener.";
    QUEUE_ARN "queue-arn" "An SQS queue must be named by its ARN. The ARN becomes part of the rights of the schedule's role, so it must not match anything else.";
    RELEASE_FORMAT "release-format" "The release was made with rendering rules that this landfall version does not have. Install a newer landfall.";
    RELEASE_LACKS_IMAGE "release-lacks-image" "The release has no tag for an image that a container of its process uses.";
    RESOURCE_ID "resource-id" "A VPC, subnet, security group or Cloud Map namespace must be named by its id, such as `subnet-0a1b2c3d`, and a list must name each only once. The value that a variable supplies is not such an id.";
    RESOURCE_PROPERTY "resource-property" "A resource of the rendered template does not fit AWS's published resource schema: it has an unknown property, lacks a required property, or has a value that is not allowed.";
    RESOURCE_RULE "resource-rule" "With the values of a slot, AWS would refuse a resource of the step, although each value alone is possible: values that do not go together, or that other resources of the template contradict.";
    ROLE_ARN "role-arn" "A role must be named by its ARN. The ARN becomes part of the rights of another role, which passes this role to tasks, so it must not match anything else.";
    SCALING "scaling" "With the numbers that variables supply, the bounds of scaling contradict each other.";
    SCHEDULE_INPUT "schedule-input" "With the values of a slot, the `input` of a schedule is not JSON, or names a container that the step does not have. A value in JSON needs a backslash before each quotation mark and each backslash.";
    SCOPE_GONE "scope-gone" "The snapshot of an older release refers to an environment, target, tenant or tag that the repository no longer has. The name is in the scope of a value that could have won here, or in the conditions of a step. landfall cannot tell a renamed name from a removed one, so it holds the slot instead of deploying without the value.";
    SECRET_ARN "secret-arn" "A secret must be named by its ARN in Secrets Manager, without a JSON key: write the key as `key`. The ARN becomes part of the execution role's rights, so it must not match anything else.";
    SECRET_KEY "secret-key" "The key of a secret's JSON value is empty or contains a `:`, which ECS reads as the end of the key.";
    SECRET_PARAMETER "secret-parameter" "A parameter declared `NoEcho` has its value in the repository. Pass a dynamic reference instead, which CloudFormation resolves.";
    SUBSTITUTION "substitution" "A value in a `Fn::Sub` contains `${` without a closing `}`, so landfall cannot escape it.";
    TASK_SIZE "task-size" "A task on instances needs at least 128 CPU units and 6 MiB of memory, and variables supply less.";
    TENANT_VALUE_MISSING "tenant-value-missing" "A tenant of the project has no value for a declared tenant variable, and the variable has no default.";
    UNKNOWN_IMAGE "unknown-image" "A container names an image that is not under `[images]` in `process.toml`.";
    UNKNOWN_OUTPUT "unknown-output" "A reference names an output that the step's stacks do not have.";
    UNKNOWN_PROJECT "unknown-project" "A reference to an output names a project that has no folder in `projects/`.";
    UNKNOWN_STEP "unknown-step" "A reference to an output names a step that does not exist in the project's process.";
    UNKNOWN_VARIABLE "unknown-variable" "A placeholder names a variable that has no value.";
    VALUE_TOO_LONG "value-too-long" "With its placeholders filled, a text is longer than 65,536 bytes or a list has more than 1,000 elements.";
    VALUE_TYPE "value-type" "The value of a tenant variable has another type than its declaration.";
    VARIABLE_CIRCLE "variable-circle" "Variables refer to each other in a circle, so none of them has a value.";
    VARIABLE_ELSEWHERE "variable-elsewhere" "A variable has values, but no scope matches this step, environment, target and tenant.";
    VARIABLE_TIE "variable-tie" "Two values of a variable apply here and rank equally. landfall never picks one: make one scope more specific.";
    VARIABLE_TOO_DEEP "variable-too-deep" "Variables refer to other variables through more than 32 levels.";
    WORD "word" "A variable supplies a text that is none of the words that the key can have.";
}
