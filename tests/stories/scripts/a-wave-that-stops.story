# Tenants of the ring early come first; the others an hour later, and only if nobody failed.
repository fleet
write projects/portal/project.toml <<END
lifecycle = "standard"
tenancy = "both"
attempts = 1

[waves]
of = "tenants"
environments = ["production"]

[[waves.group]]
name = "early"
tags = ["ring/early"]
soak = "1h"

[[waves.group]]
name = "everybody"
END
commit Deploy the portal, early ones first
settle
show plan
wait 61m
show status

# The next release fails for acme, which is in the first wave. The others are spared.
fault {"fault": "resource-fails", "stack": "portal-web-production-production-acme", "resource": "AWS::ECS::Service", "during": "update", "reason": "the service is not stable"}
release portal 1.1.0
commit Release portal 1.1.0
settle
show plan
show stacks

# The next one is good, and goes through all waves.
mend
release portal 1.1.1
commit Release portal 1.1.1
settle
wait 61m
show status
