# Somebody takes a right away while a release is on its way: the deployment waits, says for what and when it tries again,
# and uses up no attempt.
repository storefront
commit Deploy the storefront
settle
fault {"fault": "call", "operation": "CreateChangeSet", "effect": "deny", "times": 20}
release storefront 1.5.0
commit Release 1.5.0
wait 4m
show plan
show status
# The right comes back.
mend
settle
show status
show history
# Now AWS cannot be listed at all. What runs there is held, and it is asked again within seconds.
fault {"fault": "call", "operation": "DescribeStacks", "effect": "throttle", "times": 6}
release storefront 1.6.0
commit Release 1.6.0
turn
show plan
wait 2m
settle
show status
