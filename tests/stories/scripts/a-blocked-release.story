# 1.0.0 runs everywhere, 1.1.0 in development and test.
repository storefront
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Deploy the storefront
settle
release storefront 1.1.0
commit Release storefront 1.1.0
settle

# It loses orders now and then: it must not go any further. Where it runs it stays.
write projects/storefront/releases/1.1.0.toml <<END
format = 1
blocked = "loses orders"

[images]
web = { tag = "1.1.0" }
END
write projects/storefront/deploy/production.toml <<END
release = "1.1.0"
END
commit Block storefront 1.1.0; a promotion of it was merged a moment ago
settle
show plan
show stacks
