# Production runs 1.0.0, and then 1.1.0.
repository storefront
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Deploy the storefront
settle
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release storefront 1.1.0
settle
write projects/storefront/deploy/production.toml <<END
release = "1.1.0"
END
commit Promote storefront 1.1.0 to production
settle
show status

# It was a mistake. The promotion is reverted, and production goes back; development and test stay.
revert
turn
show plan
settle
show status
show stacks
show history
