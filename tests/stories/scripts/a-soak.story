# A release must hold in test for half an hour before production may have it.
repository storefront
replace lifecycles/standard.toml | automatic = ["test"] | automatic = ["test"]\nsoak = "30m"
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Deploy the storefront, to production too
settle
show plan

# Time alone opens the gate.
wait 20m
show plan
wait 15m
show plan
show history
