# Release 1.0.0 runs in development and in test.
repository storefront
commit Deploy the storefront
settle

# Somebody asks ECS for five tasks, lets people run commands in them, and gives the service another image.
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-development-shared", "resource": "Service", "set": {"DesiredCount": 5, "EnableExecuteCommand": true}}
image of storefront-web-development-shared in 111111111111/eu-west-1 | storefront:1.0.0 | storefront:0.9.0
wait 10m
show status
show plan

# Somebody else deletes the service of test.
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-test-shared", "resource": "Service", "delete": true}
wait 10m
show plan

# The count is not of interest in development, and everything else is put right. So is the service of test.
write environments/development.toml <<END
order = 10
drift = "repair"
drift_ignore = ["AWS::ECS::Service/DesiredCount"]
END
write environments/test.toml <<END
order = 20
drift = "repair"
END
commit Put right what is changed by hand
settle
wait 10m
show plan
show stacks
show history
