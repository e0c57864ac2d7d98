# The storefront is reached by Service Connect. What somebody sets there CloudFormation neither sees nor puts right.
repository storefront
replace projects/storefront/process.toml | desired_count = 2 | desired_count = 2\n\n[[step.patch]]\nresource = "Service"\nset = { ServiceConnectConfiguration = { Enabled = true, Namespace = "shop" } }
commit Deploy the storefront
settle
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-development-shared", "resource": "Service", "set": {"ServiceConnectConfiguration": {"Enabled": true, "Namespace": "elsewhere"}}}
wait 10m
show plan

# With repair ECS is asked for it, and the service deployment that follows is waited for.
replace environments/development.toml | order = 10 | order = 10\ndrift = "repair"
commit Put right what is changed by hand
settle
wait 10m
show plan
show history 3
