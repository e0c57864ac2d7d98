# Somebody changes two stacks by hand, and that is to stay.
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
drift_every = "1h"
END
commit Deploy the storefront and its network
settle
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-development-shared", "resource": "Service", "set": {"DesiredCount": 5, "EnableExecuteCommand": true}}
hand {"account": "111111111111", "region": "eu-west-1", "stack": "storefront-web-development-shared", "resource": "LogGroup", "set": {"RetentionInDays": 1}}
hand {"account": "111111111111", "region": "eu-west-1", "stack": "network-access-development-shared", "resource": "Logs", "set": {"RetentionInDays": 7}}
wait 2h
show plan

# The files are made to say so: for this environment by variables, and for every one where a value cannot differ.
keep storefront-web-development-shared
keep network-access-development-shared
release storefront 1.1.0
write projects/network/releases/1.1.0.toml <<END
format = 1
END
commit Keep what was changed by hand
settle
wait 2h
show plan
show history
