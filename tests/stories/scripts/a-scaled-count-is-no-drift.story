# The service scales by itself.
repository storefront
replace projects/storefront/process.toml | desired_count = 2 | scaling = { min_capacity = 2, max_capacity = 6, target_tracking = [{ metric = "cpu", target_value = 60 }] }
commit Deploy the storefront
settle

# Scaling sets another count, and that is no drift.
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-development-shared", "resource": "Service", "scale": 4}
wait 10m
show status
