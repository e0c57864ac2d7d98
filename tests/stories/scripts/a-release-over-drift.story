# Release 1.0.0 runs in development and in test. Somebody asks ECS for five tasks and lets people run commands in them.
repository storefront
commit Deploy the storefront
settle
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-development-shared", "resource": "Service", "set": {"DesiredCount": 5, "EnableExecuteCommand": true}}
wait 10m
show plan
show doctor

# Release 1.1.0 keeps logs for longer and changes nothing of the service: the drift stays, and is still told.
replace projects/storefront/process.toml | desired_count = 2 | desired_count = 2\nlog_retention_days = 60
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.0.0" }
END
commit Keep logs for longer
show review
settle
wait 10m
show plan
show stacks

# Release 1.2.0 has another image: CloudFormation writes the service with everything that the template says of it.
release storefront 1.2.0
commit Release storefront 1.2.0
show review
settle
wait 10m
show plan
show stacks

# Somebody gives the service of development another image, deletes the service of test, and a release is made before
# anybody puts it right.
image of storefront-web-development-shared in 111111111111/eu-west-1 | storefront:1.2.0 | storefront:0.9.0
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-test-shared", "resource": "Service", "delete": true}
wait 10m
release storefront 1.3.0
commit Release storefront 1.3.0
show review
settle
show plan
show stacks
