# Production is frozen for a day that begins in ten minutes.
repository storefront
write freezes/audit.toml <<END
reason = "the auditors are here"
time_zone = "Europe/Berlin"
environments = ["production"]

[[window]]
from = 2026-11-23T09:10:00
until = 2026-11-24T08:00:00
END
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Deploy the storefront
settle
show status
wait 15m

# Whoever promotes now waits.
release storefront 1.1.0
commit Release storefront 1.1.0
settle
write projects/storefront/deploy/production.toml <<END
release = "1.1.0"
END
commit Promote storefront 1.1.0 to production
settle
show plan

# It cannot wait: the lines that the plan prints are the override, for once and with a reason.
allow storefront production | customers cannot log in
commit Deploy in spite of the freeze
settle
show plan

# Going back to what ran before is no new risk, and passes a freeze.
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Go back to storefront 1.0.0 in production
settle
show status
