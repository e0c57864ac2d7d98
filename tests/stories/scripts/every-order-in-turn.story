# Development deploys every order in turn, and 1.0.0 runs.
repository storefront
write environments/development.toml <<END
order = 10
queue = "all"
END
commit Deploy the storefront
settle

# Three releases are pinned one after the other, faster than any of them is deployed. Of the third, nobody sees more than a commit.
release storefront 1.1.0
write projects/storefront/deploy/development.toml <<END
release = "1.1.0"
END
commit Pin 1.1.0
release storefront 1.2.0
write projects/storefront/deploy/development.toml <<END
release = "1.2.0"
END
commit Pin 1.2.0
release storefront 1.3.0
write projects/storefront/deploy/development.toml <<END
release = "1.3.0"
END
commit Pin 1.3.0
turns 4
show plan
wait 20s
release storefront 1.4.0
write projects/storefront/deploy/development.toml <<END
release = "1.4.0"
END
commit Pin 1.4.0
turns 3
show plan
settle
show history

# 1.5.0 fails, 1.6.0 is withdrawn before its turn comes: both are skipped, and 1.7.0 follows.
fault {"fault": "image-crashes", "image": "storefront:1.5.0", "exit_code": 1}
release storefront 1.5.0
write projects/storefront/deploy/development.toml <<END
release = "1.5.0"
END
commit Pin 1.5.0
wait 10s
release storefront 1.6.0
write projects/storefront/deploy/development.toml <<END
release = "1.6.0"
END
commit Pin 1.6.0
wait 10s
delete projects/storefront/releases/1.6.0.toml
release storefront 1.7.0
write projects/storefront/deploy/development.toml <<END
release = "1.7.0"
END
commit Pin 1.7.0, withdraw 1.6.0
settle
show history
show stacks
