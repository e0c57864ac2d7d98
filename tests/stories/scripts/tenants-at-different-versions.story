# A portal that three tenants have. The release goes to test without a tenant, and then to all of them.
repository fleet
commit Deploy the portal
settle
show status

# The tenant corp stays at 1.0.0, because its line says so.
write projects/portal/deploy/production.toml <<END
[tenants]
corp = "1.0.0"
END
release portal 1.1.0
commit Release portal 1.1.0, not yet for corp
settle
show status
show stacks

# The line goes, and corp follows.
delete projects/portal/deploy/production.toml
commit Let corp have what all have
settle
show status
