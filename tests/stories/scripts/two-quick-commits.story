# Release 1.0.0 runs. Two releases land within a few seconds of each other.
repository storefront
commit Deploy the storefront
settle
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release storefront 1.1.0
turns 3
show plan
write projects/storefront/releases/1.2.0.toml <<END
format = 1

[images]
web = { tag = "1.2.0" }
END
commit Release storefront 1.2.0
turns 3
show plan
settle
show status
show stacks
show history
