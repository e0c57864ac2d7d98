# Release 1.0.0 runs in development and in test.
repository storefront
commit Deploy the storefront
settle

# The containers of 1.1.0 exit as soon as they start.
fault {"fault": "image-crashes", "image": "storefront:1.1.0", "exit_code": 1, "reason": "missing DATABASE_URL"}
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release storefront 1.1.0
settle
show plan
show stacks
show history
show history 3

# The fix is a new release.
write projects/storefront/releases/1.1.1.toml <<END
format = 1

[images]
web = { tag = "1.1.1" }
END
commit Release storefront 1.1.1
settle
show plan
show stacks
