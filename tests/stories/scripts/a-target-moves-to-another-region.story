# Test has a target of its own, and what nothing wants is pruned there.
repository storefront
write environments/test.toml <<END
order = 20
prune = true
END
replace targets/shared.toml | environments = ["development", "test"] | environments = ["development"]
write targets/test-eu.toml <<END
kind = "ecs-cluster"
environments = ["test"]
roles = ["web"]
account = "nonprod"
region = "eu-west-1"
cluster = "test"

[network]
subnets = ["subnet-0c"]
END
commit Deploy the storefront
settle
show stacks

# It moves: the stack is made in the new region first, and the old one goes when that has succeeded.
replace targets/test-eu.toml | eu-west-1 | eu-central-1
commit Move test to eu-central-1
turn
show plan
settle
show plan
show stacks
show history
