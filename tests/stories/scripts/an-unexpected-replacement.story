# Release 1.0.0 runs. For a while, AWS does not let landfall read templates: nothing can be expected of a change.
repository storefront
commit Deploy the storefront
settle
fault {"fault": "call", "operation": "GetTemplate", "effect": "deny", "times": 1000}

# Meanwhile development moves to another cluster: the service has to be replaced.
replace targets/shared.toml | cluster = "shared" | cluster = "shared-2"
commit Move development and test to another cluster
settle
show plan
show history 3

# Somebody looks at it and lets it through.
allow storefront development | the new cluster is ready
commit Let the service of development be replaced
settle
show status
show stacks
