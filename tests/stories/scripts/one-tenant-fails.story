# The portal runs for three tenants.
repository fleet
commit Deploy the portal
settle

# In the next release the service of bolt does not become stable. Nobody else waits for that.
fault {"fault": "resource-fails", "stack": "portal-web-production-production-bolt", "resource": "AWS::ECS::Service", "during": "update", "reason": "the service is not stable"}
release portal 1.1.0
commit Release portal 1.1.0
settle
show plan
show status
show stacks
