# The storefront migrates its database first: its service waits for that.
repository storefront
write projects/storefront/process.toml <<END
[images.web]
repository = "example.com/storefront"

[[step]]
name = "migrate"
kind = "ecs-task"
role = "web"
cpu = 256
memory = 512
timeout = "10m"

[[step.container]]
name = "migrate"
image = "web"
command = ["migrate"]

[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512

[[step.container]]
name = "app"
image = "web"
port = 8080
END
fault {"fault": "image-says", "image": "storefront:1.0.0", "lines": ["3 migrations done"]}
commit Migrate before the service
settle
show history 1

# The next release's migration fails. The service is not touched.
fault {"fault": "image-says", "image": "storefront:1.1.0", "lines": ["4 migrations to do", "relation orders does not exist"]}
fault {"fault": "image-crashes", "image": "storefront:1.1.0", "exit_code": 1}
release storefront 1.1.0
commit Release storefront 1.1.0
settle
show plan
show stacks

# It may have done half of its work: it is run again when somebody says so, and at no other time.
allow storefront development | it had done nothing
commit Let the migration run again
settle
show plan

# Fixed: the migration runs, and then the service changes.
release storefront 1.1.1
commit Release storefront 1.1.1, which knows its tables
settle
show plan
show stacks
