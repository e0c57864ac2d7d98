# Release 1.0.0 runs. The update to 1.1.0 fails, and so does its rollback.
repository storefront
commit Deploy the storefront
settle
fault {"fault": "resource-fails", "stack": "storefront-web-development-shared", "resource": "AWS::ECS::Service", "during": "update", "reason": "the service is not stable"}
fault {"fault": "resource-fails", "stack": "storefront-web-development-shared", "resource": "AWS::ECS::Service", "during": "rollback", "reason": "the load balancer is gone"}
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release storefront 1.1.0
settle
show plan
show stacks

# What stopped the rollback is mended, and somebody lets it continue.
allow storefront development | the load balancer is back
commit Let the rollback continue
settle
show plan
show stacks
show history 3
