# A template fixes the name of its bucket, and every environment has that name.
repository storefront
write projects/storefront/process.toml <<END
[[step]]
name = "data"
kind = "cloudformation"
role = "web"
template = "data.yaml"
END
write projects/storefront/templates/data.yaml <<END
Resources:
  Data:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: storefront-data-of-everybody
END
write projects/storefront/releases/1.0.0.toml <<END
format = 1
END
commit Deploy the storefront
settle

# CloudFormation finds that before it changes anything, and says only in its events what is wrong: landfall says it with the failure.
show plan
show history 2
