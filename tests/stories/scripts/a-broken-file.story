# Release 1.0.0 runs. The commit that brings 1.1.0 has a typing error in the process.
repository storefront
commit Deploy the storefront
settle
replace projects/storefront/process.toml | memory = 512 | memroy = 512
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release storefront 1.1.0 with a slip
settle
show problems
show plan
show stacks

# A release is what it landed with, so mending the process does not change 1.1.0. The next release goes.
replace projects/storefront/process.toml | memroy = 512 | memory = 512
write projects/storefront/releases/1.1.1.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Mend the process, and release storefront 1.1.1
settle
show plan
