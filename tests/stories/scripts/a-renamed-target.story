# Development and test share a target.
repository storefront
commit Deploy the storefront
settle
show stacks

# Its file gets a better name and keeps its id: nothing is deployed.
delete targets/shared.toml
write targets/nonprod-eu.toml <<END
kind = "ecs-cluster"
id = "shared"
environments = ["development", "test"]
roles = ["web"]
account = "nonprod"
region = "eu-west-1"
cluster = "shared"

[network]
subnets = ["subnet-0a"]
END
commit Call the target what it is
settle
show plan

# With another id it is another target: new stacks are made, and the old ones are reported, not removed.
replace targets/nonprod-eu.toml | id = "shared" | id = "nonprod-eu"
commit Give the target another id
turn
show plan
settle
show plan
show stacks
