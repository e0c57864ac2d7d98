# Two steps: a web service and a worker. Development is pruned, test is not.
repository storefront
write environments/development.toml <<END
order = 10
prune = true
END
write projects/storefront/process.toml <<END
[images.web]
repository = "example.com/storefront"

[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512

[[step.container]]
name = "app"
image = "web"

[[step]]
name = "worker"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512

[[step.container]]
name = "app"
image = "web"
command = ["work"]
END
commit Deploy the storefront
settle
show stacks

# The next release has no worker any more.
write projects/storefront/process.toml <<END
[images.web]
repository = "example.com/storefront"

[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512

[[step.container]]
name = "app"
image = "web"
END
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release storefront 1.1.0, which works by itself
settle
show plan
show stacks
show history
