# Release 1.0.0 runs, and 1.1.0 is on its way when somebody finds that it must not be.
repository storefront
commit Deploy the storefront
settle
release storefront 1.1.0
commit Release storefront 1.1.0
wait 15s
delete projects/storefront/releases/1.1.0.toml
commit Withdraw 1.1.0
wait 2s
show plan
settle
show history
show history 3

# The same, with a word in its file.
release storefront 1.2.0
commit Release storefront 1.2.0
wait 15s
write projects/storefront/releases/1.2.0.toml <<END
format = 1
blocked = "deletes carts"

[images]
web = { tag = "1.2.0" }
END
commit Block 1.2.0
settle
show history
show stacks
