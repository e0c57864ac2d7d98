# Somebody made a change set for a stack of the name that landfall would use, and never executed it. No attempt is spent on it.
repository storefront
review stack storefront-web-development-shared in 111111111111/eu-west-1
commit Deploy the storefront
settle
show plan
show doctor

# The same name, but the stack is there: it can be taken over.
repository storefront
foreign stack storefront-web-production-production-eu in 222222222222/eu-west-1
write projects/storefront/deploy/production.toml <<END
release = "1.0.0"
END
replace targets/shared.toml | kind = | id = "sh"\nkind =
commit Use another name in development and test
settle
show plan
allow storefront production | it is the stack that was made by hand before landfall
commit Take over the stack of production
settle
show plan
show stacks
