# Everything runs, and stacks that nothing wants are pruned in test.
repository storefront
write environments/test.toml <<END
order = 20
prune = true
END
commit Deploy the storefront
settle
show status

# A commit breaks the file of the environment test. Nothing of it is removed, and nothing new goes there.
write environments/test.toml <<END
order = 20
prune = maybe
END
write projects/storefront/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release storefront 1.1.0, and think about pruning
settle
show problems
show plan
show stacks
