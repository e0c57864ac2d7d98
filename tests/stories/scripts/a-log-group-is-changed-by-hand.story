# Everything that ECS does not tell is compared by CloudFormation's drift detection, here every hour.
repository storefront
write environments/development.toml <<END
order = 10
drift_every = "1h"
END
commit Deploy the storefront
settle
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-development-shared", "resource": "LogGroup", "set": {"RetentionInDays": 1}}
wait 30m
show status

# The detection has run by now.
wait 1h
show plan

# Whoever changed it changes it back.
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-development-shared", "resource": "LogGroup", "set": {"RetentionInDays": 30}}
wait 2h
show status
