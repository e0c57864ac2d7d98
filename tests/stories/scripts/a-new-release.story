# Release 1.0.0 runs in development and in test.
repository storefront
commit Deploy the storefront
settle
show status

# Release 1.1.0 lands: a file with the tag of its image.
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release storefront 1.1.0
turn
show plan

# It reaches test only after development has proved it.
settle
show status
show stacks
show history
