# Somebody has a stack of the name that landfall would use.
repository storefront
foreign stack storefront-web-development-shared in 111111111111/eu-west-1
commit Deploy the storefront
settle
show plan
show stacks
show ledger
