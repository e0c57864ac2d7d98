# Production runs 1.0.0. A hotfix must not wait for test: its channel has a lifecycle of its own.
repository storefront
write lifecycles/hotfix.toml <<END
[[phase]]
name = "Production"
manual = ["production"]
END
replace projects/storefront/project.toml | attempts = 2 | attempts = 2\n\n[channels.default]\ndefault = true\n\n[channels.hotfix]\nlifecycle = "hotfix"
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
commit Deploy the storefront
settle
show status

# 1.1.0 is on its way through test, where it breaks. 1.0.1 mends production meanwhile.
fault {"fault": "image-crashes", "image": "storefront:1.1.0", "exit_code": 1, "reason": "missing DATABASE_URL"}
release storefront 1.1.0
commit Release storefront 1.1.0
settle
write projects/storefront/releases/1.0.1.toml <<END
format = 1
channel = "hotfix"

[images]
web = { tag = "1.0.1" }
END
write projects/storefront/deploy/production.toml <<END
release = "1.0.1"
END
commit Mend production with storefront 1.0.1
turn
show plan
settle
show status
show stacks
