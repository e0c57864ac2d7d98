//! The codes of render problems, with their documentation.
//!
//! A rendering sees what no single file shows: which value wins for one step, environment and target, and what a text is
//! once it is filled. Where the loader finds the same thing earlier, it has the same code.

macro_rules! codes {
    ($($name:ident $code:literal $doc:literal;)*) => {
        $(#[doc = $doc] pub(super) const $name: &str = $code;)*

        /// Every code that a render problem can have, with its documentation, sorted by code.
        pub const CODES: &[(&str, &str)] = &[$(($code, $doc)),*];
    };
}

codes! {
    ARN_PARTITION "arn-partition" "An ARN, or the registry of an image, is of another partition than the target: `aws-cn` is for regions in China, `aws-us-gov` for those of GovCloud, `aws-eusc` for the European Sovereign Cloud, `aws-iso…` for those that are cut off from the internet, `aws` for all others. Nothing reaches from one into another.";
    CONTAINER_SIZES "container-sizes" "The containers have more CPU or memory than the task, or one reserves more memory than its limit, with the numbers that variables gave.";
    DUPLICATE_LOGICAL_ID "duplicate-logical-id" "Two resources or outputs of one step would have the same logical id, so that one would take the other's place.";
    EFS_ID "efs-id" "A file system or an access point is named by its id. It goes into the rights of the task role, so nothing in it may stand for more than itself.";
    FARGATE_SIZE "fargate-size" "Fargate has fixed pairs of CPU and memory, and those that variables gave are none.";
    FUNCTION_ARN "function-arn" "A function of Lambda is named by its ARN. It goes into the rights of the role that calls it, so nothing in it may stand for more than itself.";
    IMAGE_REPOSITORY "image-repository" "The repository of an image, once its placeholders are filled, is not one that ECS takes: it has a tag or a digest, a character that is not allowed, or is longer than 255 characters.";
    IMAGE_WITHOUT_DIGEST "image-without-digest" "A text asks for the digest of an image, and the release records only a tag.";
    KEY "kms-key" "A key of KMS is named by its id, its ARN, or an alias that is written as `alias/…`. It goes into the rights of a role, so nothing in it may stand for more than itself.";
    LIST_IN_TEXT "list-in-text" "A list is used where one text is wanted. A list can only be the whole element of a list.";
    LOG_GROUP "log-group" "The name of a log group, once its placeholders are filled, is not one that CloudWatch Logs takes. It goes into the rights of the execution role, so nothing in it may stand for more than itself.";
    NETWORK "network" "A network, once its placeholders are filled, is none: an address, `/` and the length of its prefix, as in `10.0.0.0/8`. One of IPv6 has a `:` that is written in the step, like `#{network}::/32`.";
    NETWORK_SIZE "network-size" "There are more or fewer subnets or security groups than are taken: 1 to 16 subnets, at least 2 for an own application load balancer, at most 5 security groups, at least one for a schedule, and 1 to 4 where one more is made that lets a load balancer reach the tasks.";
    NO_TENANT "no-tenant" "Something that only a tenant has is used in a slot without one: a tenant variable without a default, or `tenant.name` or `tenant.id`.";
    NUMBER "number" "A key that takes a whole number is given something else by a variable, or a number that is too small or too large.";
    OBJECT_ARN "object-arn" "An object in S3 is named by its ARN. It goes into the rights of the execution role, so nothing in it may stand for more than itself.";
    OUTPUT_REFERENCE "output-reference" "A reference to an output of a stack stands where it cannot: in a variable's value, or in a text that has to be known before anything is deployed; or it is not written as one.";
    OUTPUT_TARGET "output-target" "A reference to an output means no stack, or does not say which: the step has none in this environment for this tenant, or several of which none is at the same target.";
    OVER_LIMIT "over-limit" "The stack is beyond one of the limits of CloudFormation or ECS. A template above 51,200 bytes also needs a `template_bucket` in its target's file, through which it goes; above 1 MB CloudFormation takes none.";
    PARAMETER_NAME "parameter-name" "An SSM parameter is named by its name or its ARN. It goes into the rights of the execution role, so nothing in it may stand for more than itself.";
    PARAMETER_VALUE "parameter-value" "The value of a template's parameter is not one that its declaration takes: by its type, AllowedValues, AllowedPattern, lengths or bounds.";
    PATCH "patch" "A patch cannot be applied to what the step renders.";
    QUEUE_ARN "queue-arn" "A queue of SQS is named by its ARN. It goes into the rights of the role with which a schedule runs, so nothing in it may stand for more than itself.";
    RELEASE_FORMAT "release-format" "The release was made under rendering rules that this version of landfall does not have.";
    RELEASE_LACKS_IMAGE "release-lacks-image" "The release has no tag for an image that a container of its process uses.";
    RESOURCE_ID "resource-id" "A VPC, a subnet, a security group or a namespace of Cloud Map is named by its id, as in `subnet-0a1b2c3d`, and each once in a list. What a variable fills in is something else.";
    RESOURCE_PROPERTY "resource-property" "A resource of the rendered template has a property that its type does not have, lacks one that it needs, or gives one a value that it cannot have, by the resource schemas that AWS publishes.";
    ROLE_ARN "role-arn" "A role is named by its ARN. It goes into the rights of the role with which a schedule gives it to tasks, so nothing in it may stand for more than itself.";
    SCALING "scaling" "The bounds of scaling that variables gave contradict each other.";
    SCOPE_GONE "scope-gone" "A value in the snapshot of an older release is scoped to an environment, a target, a tenant or a tag that the repository no longer has, and would win or tie here; or a step is limited to one. What was renamed cannot be told from what was removed, so nothing is deployed that may lack the value.";
    SECRET_ARN "secret-arn" "A secret is named by the ARN of a secret in Secrets Manager, without a key: that has a place of its own. It goes into the rights of the execution role, so nothing in it may stand for more than itself.";
    SECRET_KEY "secret-key" "The key of a secret's JSON value is empty or has a `:`, which ECS would take for the end of the key.";
    SECRET_PARAMETER "secret-parameter" "A parameter that is declared NoEcho has its value in the repository. Secrets are only referred to: a dynamic reference is resolved by CloudFormation.";
    SUBSTITUTION "substitution" "A value in a `Fn::Sub` has a `${` that would have to be escaped and has no `}` of its own.";
    TASK_SIZE "task-size" "A task on instances has at least 128 CPU units and 6 MiB; variables gave less.";
    TENANT_VALUE_MISSING "tenant-value-missing" "A tenant that gets the project has no value of a declared tenant variable, and the variable has no default.";
    UNKNOWN_IMAGE "unknown-image" "A container names an image that `[images]` in `process.toml` does not have.";
    UNKNOWN_OUTPUT "unknown-output" "A reference names an output that the step's stacks do not have.";
    UNKNOWN_PROJECT "unknown-project" "A reference to an output names a project that has no folder in `projects/`.";
    UNKNOWN_STEP "unknown-step" "A reference to an output names a step that the project's process does not have.";
    UNKNOWN_VARIABLE "unknown-variable" "A placeholder names nothing that has a value.";
    VALUE_TOO_LONG "value-too-long" "A text becomes longer than 65,536 bytes, or a list longer than 1,000 elements, once its placeholders are filled.";
    VALUE_TYPE "value-type" "The value of a tenant variable has another type than its declaration says.";
    VARIABLE_CIRCLE "variable-circle" "Variables refer to each other in a circle, so none of them has a value.";
    VARIABLE_ELSEWHERE "variable-elsewhere" "A variable has values, but none whose scope fits this step, environment and target.";
    VARIABLE_TIE "variable-tie" "Two values of a variable have scopes of equal rank, and both fit. landfall never picks one.";
    VARIABLE_TOO_DEEP "variable-too-deep" "Variables refer to variables more than 32 deep.";
}
