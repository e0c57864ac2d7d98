# The storefront migrates its database first, by a step that becomes a template.
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
commit Migrate before the service
settle
convert storefront migrate
commit Make the migration a template
settle

# The same release with the template is current: what has run does not run again.
refresh storefront 1.0.0
commit Let 1.0.0 have the template
settle
show plan
show history

# The next release runs its task once, and its exit code decides: the service is not touched.
fault {"fault": "image-says", "image": "storefront:1.1.0", "lines": ["relation orders does not exist"]}
fault {"fault": "image-crashes", "image": "storefront:1.1.0", "exit_code": 1}
release storefront 1.1.0
commit Release storefront 1.1.0
settle
show plan
show stacks

# Fixed: the task runs, and then the service changes.
release storefront 1.1.1
commit Release storefront 1.1.1
settle
show plan
show history 4
