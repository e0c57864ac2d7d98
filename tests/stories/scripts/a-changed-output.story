# The network is a project of its own, and its stack has an output. The storefront uses it before anything is there.
repository storefront
write projects/network/project.toml <<END
lifecycle = "standard"
END
write projects/network/process.toml <<END
[[step]]
name = "zone"
kind = "cloudformation"
role = "web"
template = "zone.yaml"
END
write projects/network/templates/zone.yaml <<END
Resources:
  Queue:
    Type: AWS::SQS::Queue
Outputs:
  Host:
    Value: !Sub "queue-1.${AWS::Region}.example.com"
END
replace projects/storefront/process.toml | "#{greeting}" | "Hello from #{projects.network.steps.zone.outputs.Host}"
commit Say hello from the host that the network gives
turn
show plan

# The network is released. What waited begins by itself.
write projects/network/releases/1.0.0.toml <<END
format = 1
END
commit Release network 1.0.0
settle
show stacks

# The network's next release gives another host. Who uses it is deployed again, with the release that it has, environment
# after environment; the deployment says what was read.
replace projects/network/templates/zone.yaml | queue-1 | queue-2
write projects/network/releases/1.1.0.toml <<END
format = 1
END
commit Release network 1.1.0
settle
show plan
show history
show history 7
