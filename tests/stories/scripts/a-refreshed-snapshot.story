# A release is made of the process and the variables that it landed with. Later changes do not reach it.
repository storefront
commit Deploy the storefront
settle
replace projects/storefront/variables.toml | Hello from | Welcome to
commit Greet more warmly
settle
show plan

# Refreshing the release is the line that says so.
refresh storefront 1.0.0
commit Refresh storefront 1.0.0
turn
show plan
settle
show status
show history
