# Two commits land: the second has a typing error in the process.
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

# Mended, it goes on. The release was made with its landing commit, so it has to land anew.
replace projects/storefront/process.toml | memroy = 512 | memory = 512
commit Mend the process
settle
show plan
