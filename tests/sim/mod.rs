//! Tests of sim: the world by itself, and over the wire with boto3 and the AWS command line.

mod buckets;
mod capacity;
mod cidr;
mod clients;
mod moto;
mod nested;
mod outside;
mod page;
mod pauses;
mod port;
mod recurrence;
mod scenario;
mod schedules;
mod support;
mod tasks;
mod wire;
mod world;
