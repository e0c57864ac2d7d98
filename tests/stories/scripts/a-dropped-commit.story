# 1.0.0 runs, and then 1.1.0, which lands with another greeting.
repository storefront
commit Deploy the storefront
settle
replace projects/storefront/variables.toml | Hello from | Welcome to
release storefront 1.1.0
commit Release storefront 1.1.0 with a warmer greeting
settle
show status

# Somebody force-pushes the branch: the commit that 1.1.0 landed with is gone, its file comes back in another one.
force-push back 1
release storefront 1.1.0
commit Release storefront 1.1.0
settle
show plan

# 1.2.0 goes wrong, and its file is deleted. What runs then is what 1.1.0 was: landfall kept the commit.
release storefront 1.2.0
commit Release storefront 1.2.0
settle
delete projects/storefront/releases/1.2.0.toml
commit Take storefront 1.2.0 back
turn
show plan
settle
show status
show stacks
