# Release 1.0.0 runs. For a while, AWS does not let landfall read templates: nobody could say what a change does.
repository storefront
commit Deploy the storefront
settle
fault {"fault": "call", "operation": "GetTemplate", "effect": "deny", "times": 1000}

# Meanwhile development moves to another cluster: the service has to be replaced. What cannot be compared waits.
replace targets/shared.toml | cluster = "shared" | cluster = "shared-2"
commit Move development and test to another cluster
wait 3m
show plan

# The right comes back, and the change is made by itself.
mend
settle
show status
show stacks
