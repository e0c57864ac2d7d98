# Release 1.0.0 runs. The tasks of 1.1.0 never start, and nobody would hear of it for an hour.
repository storefront
commit Deploy the storefront
settle
fault {"fault": "image-hangs", "image": "storefront:1.1.0"}
release storefront 1.1.0
commit Release storefront 1.1.0
wait 2m

# 1.2.0 fixes it. It gives 1.1.0 five minutes in which something has to move.
release storefront 1.2.0
commit Release storefront 1.2.0
turns 3
show plan
wait 4m
show plan
settle
show history
show history 3
show stacks
