# The first release is promoted to production, whose stacks are protected.
repository storefront
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Deploy the storefront to production
settle
show status

# Production is to run nothing any more: "none" is the line that says so.
write projects/storefront/deploy/production.toml <<END
release = "none"
END
commit Remove the storefront from production
settle
show plan
allow storefront production | the storefront moves to another account
commit Remove what is protected, too
settle
show plan
show stacks
