# The portal runs for three tenants; those of the ring early get changes first.
repository fleet
replace landfall.toml | [accounts.nonprod] | [guard]\nchange = { count = 2, percent = 10 }\n\n[accounts.nonprod]
replace projects/portal/project.toml | attempts = 1 | attempts = 1\n\n[waves]\nof = "tenants"\n\n[[waves.group]]\nname = "early"\ntags = ["ring/early"]
commit Deploy the portal
settle
show status

# A commit names a subnet that does not exist: all stacks of production would change, and the guard asks whether that is meant.
replace targets/production.toml | subnet-0b | subnet-0x
fault {"fault": "resource-fails", "stack": "portal-web-production-production-acme", "resource": "AWS::ECS::Service", "during": "update", "reason": "the subnet ID 'subnet-0x' does not exist"}
commit Move production to another subnet
settle
show plan

# Somebody says that it is. The first wave finds the mistake, and nobody else has it.
allow portal production/acme | we have a new subnet
allow portal production/bolt | we have a new subnet
allow portal production/corp | we have a new subnet
commit Let all tenants move
settle
show plan
show stacks

# The subnet is put right: that is what is deployed, so nothing is left to do.
mend
replace targets/production.toml | subnet-0x | subnet-0b
commit Put the subnet right
settle
show plan
