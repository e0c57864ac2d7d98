# A store and a service in development and in test. Development is pruned.
repository storefront
delete projects/storefront/project.toml
delete projects/storefront/process.toml
delete projects/storefront/variables.toml
delete projects/storefront/releases/1.0.0.toml
write lifecycles/standard.toml <<END
[[phase]]
name = "Development"
automatic = ["development"]

[[phase]]
name = "Test"
automatic = ["test"]
END
write environments/development.toml <<END
order = 10
prune = true
END
write projects/shop/project.toml <<END
lifecycle = "standard"
END
write projects/shop/process.toml <<END
[images.web]
repository = "example.com/shop"

[[step]]
name = "store"
kind = "cloudformation"
role = "web"
template = "store.yaml"

[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512

[[step.container]]
name = "app"
image = "web"
END
write projects/shop/templates/store.yaml <<END
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceClass: db.t4g.micro
      Engine: postgres
  Carts:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      KeySchema:
        - AttributeName: id
          KeyType: HASH
END
write projects/shop/releases/1.0.0.toml <<END
format = 1

[images]
web = { tag = "1.0.0" }
END
commit Deploy the shop
settle
show stacks

# Test is not needed any more. Its database would go with its stack: that waits. The table stays, and the logs are the tasks'.
write projects/shop/deploy/test.toml <<END
release = "none"
END
commit Remove the shop from test
settle
show plan
show stacks
allow shop test | test is rebuilt from a dump
commit Allow it
settle
show plan
show stacks

# The next release has no store any more. Development is pruned, but not of what keeps data.
write projects/shop/process.toml <<END
[images.web]
repository = "example.com/shop"

[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512

[[step.container]]
name = "app"
image = "web"
END
write projects/shop/releases/1.1.0.toml <<END
format = 1

[images]
web = { tag = "1.1.0" }
END
commit Release shop 1.1.0, which keeps its data elsewhere
settle
show plan
show stacks
allow shop development | the data was moved
commit Allow it in development
settle
show plan
show stacks
