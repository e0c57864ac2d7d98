# 1.0.0 runs in test, and for every tenant in production, which is protected.
repository fleet
write environments/production.toml <<END
order = 20
protected = true
END
commit Deploy the portal
settle

# acme is not connected any more: it keeps what it has, and the plan prints the line that removes this slot alone.
write tenants/acme.toml <<END
tags = ["ring/early"]
END
commit Disconnect acme
settle
show plan
write projects/portal/deploy/production.toml <<END
[tenants]
acme = "none"
END
commit Remove what acme has
settle
show plan
allow portal production/acme | acme left
commit Remove what is protected, too
settle
show status
show stacks
