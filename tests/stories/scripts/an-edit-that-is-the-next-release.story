# Release 1.0.0 runs in development and in test.
repository storefront
commit Deploy the storefront
settle

# Somebody updates the stack of development by hand, to exactly the template that release 1.1.0 will have. The description still says 1.0.0.
hand stack storefront-web-development-shared in 111111111111/eu-west-1 | storefront:1.0.0 | storefront:1.1.0
release storefront 1.1.0
commit Release storefront 1.1.0
settle
show status
show history

# AWS finds nothing to change, and the description stays. What runs is proved, and that is enough: nothing is deployed again.
wait 2h
show plan
show history
show ledger
