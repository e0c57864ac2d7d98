# Release 1.0.0 runs in development and in test.
repository storefront
commit Deploy the storefront
settle

# Somebody edits the template of a stack in the console. Its description stays, and says that it is as landfall deployed it.
hand stack storefront-web-development-shared in 111111111111/eu-west-1 | storefront:1.0.0 | storefront:0.9.0
wait 10m
show status
show plan

# Nothing is put right by itself, because the environment does not say so. Now it does: the change has been seen, and is put right.
write environments/development.toml <<END
order = 10
drift = "repair"
END
commit Put right what is changed by hand in development
settle
wait 10m
show plan
show stacks
show history
