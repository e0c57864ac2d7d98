# 1.0.0 and then 1.1.0 came to test by themselves.
repository storefront
commit Deploy the storefront
settle
release storefront 1.1.0
commit Release storefront 1.1.0
settle

# Somebody wants to compare, and pins test to 1.0.0. While the pin is there nothing newer comes.
write projects/storefront/deploy/test.toml <<END
release = "1.0.0"
END
commit Put storefront 1.0.0 back in test
settle
release storefront 1.2.0
commit Release storefront 1.2.0
settle
show plan

# The pin goes, and test catches up: with 1.2.0, because 1.1.0 is not the newest any more.
delete projects/storefront/deploy/test.toml
commit Let test follow again
settle
show status
