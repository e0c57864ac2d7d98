# A project whose only step is a template: a database, a bucket, and a table that its policy keeps.
repository storefront
delete projects/storefront/project.toml
delete projects/storefront/process.toml
delete projects/storefront/variables.toml
delete projects/storefront/releases/1.0.0.toml
write lifecycles/standard.toml <<END
[[phase]]
name = "Development"
automatic = ["development"]
END
write projects/data/project.toml <<END
lifecycle = "standard"
END
write projects/data/process.toml <<END
[[step]]
name = "store"
kind = "cloudformation"
role = "web"
template = "store.yaml"
END
write projects/data/templates/store.yaml <<END
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceIdentifier: shop
      DBInstanceClass: db.t4g.micro
      Engine: postgres
  Files:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
    Properties:
      BucketName: shop-files
  Carts:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: carts
      KeySchema:
        - AttributeName: id
          KeyType: HASH
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: shop-slow
      Namespace: shop
      MetricName: Latency
      Statistic: Average
      Period: 60
      Threshold: 1
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 1
END
write projects/data/releases/1.0.0.toml <<END
format = 1
END
commit Deploy the store
settle
show stacks

# The alarm gets another name, and is made anew: it keeps nothing, and nobody has to say anything.
replace projects/data/templates/store.yaml | AlarmName: shop-slow | AlarmName: shop-is-slow
write projects/data/releases/1.1.0.toml <<END
format = 1
END
commit Rename the alarm
settle
show plan

# The database gets another name: AWS would make a new one and delete the old one with all that it has. That stops.
replace projects/data/templates/store.yaml | DBInstanceIdentifier: shop | DBInstanceIdentifier: shop-2
write projects/data/releases/1.2.0.toml <<END
format = 1
END
commit Rename the database
settle
show plan
show stacks

# The lines that are printed let it go on.
allow data development | the shop is not open yet
commit Allow the new database
settle
show plan
show stacks

# The table leaves the stack, and stays as it is: its policy says so.
write projects/data/templates/store.yaml <<END
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceIdentifier: shop-2
      DBInstanceClass: db.t4g.micro
      Engine: postgres
  Files:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
    Properties:
      BucketName: shop-files
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: shop-is-slow
      Namespace: shop
      MetricName: Latency
      Statistic: Average
      Period: 60
      Threshold: 1
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 1
END
write projects/data/releases/1.3.0.toml <<END
format = 1
END
commit Take the table out of the stack
settle
show plan

# The bucket and the database would be deleted: one stop names both.
write projects/data/templates/store.yaml <<END
Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: shop-is-slow
      Namespace: shop
      MetricName: Latency
      Statistic: Average
      Period: 60
      Threshold: 1
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 1
END
write projects/data/releases/1.4.0.toml <<END
format = 1
END
commit Delete the database and the bucket
settle
show plan
allow data development | the shop is closed
commit Allow it
settle
show stacks
