# Two steps on two targets each: four stacks for one release in test.
repository storefront
write targets/test-us.toml <<END
kind = "ecs-cluster"
environments = ["test"]
roles = ["web"]
account = "nonprod"
region = "us-east-1"
cluster = "test"

[network]
subnets = ["subnet-0c"]
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

# In the next release the web service in us-east-1 fails once. Workers do not get a release that the web has not got, and
# the second attempt leaves out what is current by then.
fault {"fault": "resource-fails", "stack": "storefront-web-test-test-us", "resource": "AWS::ECS::Service", "during": "update", "reason": "the service is not stable"}
release storefront 1.1.0
commit Release storefront 1.1.0
settle
show status
show stacks
show history
show history 4
show history 5
