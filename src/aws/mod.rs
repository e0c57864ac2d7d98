//! The cloud port over the AWS SDK: the only user of `aws_sdk_*`.
