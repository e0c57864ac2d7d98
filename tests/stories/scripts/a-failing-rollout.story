# Release 1.0.0 runs, and the containers of 1.1.0 exit: 1.2.0, which fixes it, does not wait until AWS gives up.
repository storefront
commit Deploy the storefront
settle
fault {"fault": "image-crashes", "image": "storefront:1.1.0", "exit_code": 1, "reason": "missing DATABASE_URL"}
release storefront 1.1.0
commit Release storefront 1.1.0
wait 25s
release storefront 1.2.0
commit Release storefront 1.2.0
wait 2s
show plan
settle
show history
show history 3

# A first deployment that fails has nothing to go back to: its stack is deleted, and made again.
repository storefront
fault {"fault": "image-crashes", "image": "storefront:2.0.0", "exit_code": 1}
replace projects/storefront/project.toml | lifecycle = "standard" | id = "second"\nlifecycle = "standard"
delete projects/storefront/releases/1.0.0.toml
release storefront 2.0.0
commit Another storefront
wait 40s
release storefront 2.1.0
commit Release storefront 2.1.0
settle
show history
