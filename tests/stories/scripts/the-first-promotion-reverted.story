# The first release is promoted to production.
repository storefront
commit Deploy the storefront
settle
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Promote storefront 1.0.0 to production
settle
show status

# The promotion is reverted. There is nothing to go back to, and nothing is removed: that takes a line that says so.
revert
settle
show plan
show status
show stacks
