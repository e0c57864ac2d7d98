# Production is protected and puts drift right: that takes an allowance.
repository storefront
write environments/production.toml <<END
order = 30
protected = true
drift = "repair"
END
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Deploy the storefront
settle
show status

# Somebody asks ECS for seven tasks.
hand {"account": "222222222222", "region": "eu-west-1", "stack": "storefront-web-production-production-eu", "resource": "Service", "set": {"DesiredCount": 7}}
wait 15m
show status
show plan

# While production is frozen, an allowance for the repair is not one for the freeze.
write freezes/audit.toml <<END
reason = "the auditors are here"
time_zone = "Europe/Berlin"
environments = ["production"]

[[window]]
from = 2026-11-23T08:00:00
until = 2026-11-23T20:00:00
END
allow storefront production | nobody ordered seven tasks
commit Put production right
settle
show plan

# It is put right when the freeze is over.
wait 12h
show plan
show history
