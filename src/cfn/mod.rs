//! CloudFormation documents: canonical form, YAML and JSON, intrinsics.
