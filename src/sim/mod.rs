//! A simulated account, in process and over the AWS wire protocols.
