# Release 1.0.0 runs in development and in test.
repository storefront
commit Deploy the storefront
settle

# Somebody deletes the stack of development. It is made again, whatever the environment says of drift: the release is to run there.
remove stack storefront-web-development-shared in 111111111111/eu-west-1
wait 6m
show history
settle
show status
