# The account has a Hook of CloudFormation that looks at log groups before they are changed.
repository storefront
fault {"fault": "guard-hook", "hook": "Example::Guard::Hook", "target": "RESOURCE", "mode": "FAIL", "reason": "a log group needs a key", "resource": "LogGroup"}
commit Deploy the storefront
wait 3s

# While the stack is in progress, the status tells what goes on in it.
show status
settle
show plan
show history 1

# The Hook is satisfied. On its way the status names what is being changed.
mend
allow storefront development | the log group has a key now
commit Allow another attempt
wait 8s
show status
wait 12s
show status
settle
show status
