# Production is entered by hand. Release 1.0.0 waits there until somebody pins it.
repository storefront
commit Deploy the storefront
settle
show plan

# The pin is one line in a file of its own.
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Promote storefront 1.0.0 to production
turn
show plan
settle
show plan
show stacks
