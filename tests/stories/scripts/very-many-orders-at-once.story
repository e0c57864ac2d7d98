# Development deploys every order in turn, and 1.0.0 runs.
repository storefront
write environments/development.toml <<END
order = 10
queue = "all"
END
commit Deploy the storefront
settle

# Nobody looks while more than a hundred commits land, three of which pin a release. Only the last order has a turn; the others say why not.
release storefront 1.1.0
write projects/storefront/deploy/development.toml <<END
release = "1.1.0"
END
commit Pin 1.1.0
chatter 60
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
chatter 60
settle
show status
show history
