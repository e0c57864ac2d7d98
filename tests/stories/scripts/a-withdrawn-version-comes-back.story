# 1.0.0 runs in development and test. 1.1.0 lands with an image that is bad, and is withdrawn.
repository storefront
commit Deploy the storefront
settle
release storefront 1.1.0
commit Release storefront 1.1.0
settle
delete projects/storefront/releases/1.1.0.toml
commit Withdraw storefront 1.1.0
settle
show plan

# The same version lands again with another image. Neither image goes anywhere.
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0-mended" }
END
commit Land storefront 1.1.0 again
settle
show plan
show problems

# A new version gets through, and what landed first would too.
release storefront 1.1.1
commit Release storefront 1.1.1
settle
show plan

# Edited where it runs, it stays as it landed.
write projects/storefront/releases/1.1.1.toml <<END
format = 1

[images]
web = { tag = "1.1.1-edited" }
END
write projects/storefront/deploy/production.toml <<END
release = "1.1.1"
END
commit Edit storefront 1.1.1 and promote it
settle
show plan
show stacks

# The way out is followed: what landed comes back, and goes on.
release storefront 1.1.1
commit Put back what landed
settle
show plan
