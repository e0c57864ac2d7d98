# 1.0.0 runs in development and test. From 1.1.0 on new tasks get test traffic first, and wait there until somebody has
# looked at them.
repository storefront
commit Deploy the storefront
settle
write projects/storefront/process.toml <<END
[images.web]
repository = "example.com/storefront"

[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512
desired_count = 2

[[step.container]]
name = "app"
image = "web"
port = 8080
environment = { GREETING = "#{greeting}" }

[[step.load_balancer]]
target_group = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/blue/0123456789abcdef"
container = "app"
port = 8080

[step.load_balancer.advanced_configuration]
alternate_target_group = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/green/0123456789abcdef"
production_listener_rule = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener-rule/app/shared/0123456789abcdef/0123456789abcdef/0000000000000001"
test_listener_rule = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener-rule/app/shared/0123456789abcdef/0123456789abcdef/0000000000000002"
role_arn = "arn:aws:iam::111111111111:role/traffic"

[step.deployment_configuration]
strategy = "blue-green"
bake_time_in_minutes = 5

[[step.deployment_configuration.lifecycle_hooks]]
lifecycle_stages = ["post-test-traffic-shift"]
target_type = "pause"
timeout_configuration = { timeout_in_minutes = 720 }
END
release storefront 1.1.0
commit Release storefront 1.1.0, blue/green
settle
show plan
show status

# Hours pass, more than a deployment may take. The stack waits with its service; no commit, no traffic.
wait 3h
show stacks
allow storefront development | looked at it, orders go through
commit Let 1.1.0 go on in development
settle
show stacks

# In test nobody looks at it. ECS puts 1.0.0 back by itself, and landfall does not ask a second time.
wait 13h
show plan
show history 3
show history 4
