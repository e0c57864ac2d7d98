# Test runs in two regions, and what nothing wants is pruned there.
repository storefront
write environments/test.toml <<END
order = 20
prune = true
END
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
commit Deploy the storefront
settle
show stacks

# The second region is given up: no target says it any more.
delete targets/test-us.toml
commit Leave us-east-1
turn
show plan
settle
show plan
show stacks
show history
