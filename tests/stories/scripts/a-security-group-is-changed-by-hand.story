# A security group is opened to the world in the console. Only CloudFormation's drift detection sees that, here every hour.
repository storefront
write projects/network/project.toml <<END
lifecycle = "standard"
END
write projects/network/process.toml <<END
[[step]]
name = "access"
kind = "cloudformation"
role = "web"
template = "access.yaml"
END
write projects/network/templates/access.yaml <<END
Resources:
  Access:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: HTTPS of the storefront
      VpcId: vpc-0a
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: 30
END
write projects/network/releases/1.0.0.toml <<END
format = 1
END
write environments/development.toml <<END
order = 10
drift = "repair"
drift_every = "1h"
END
commit Deploy the storefront and its network
settle
hand {"account": "111111111111", "region": "eu-west-1", "stack": "network-access-development-shared", "resource": "Access", "set": {"SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}]}}
wait 1h

# The detection has run, and the next look confirms it: the group is as landfall left it.
wait 1h
show history
wait 2h
show plan
