//! Regions, the partitions that they are of, and the domains of these.

use landfall::model::{EcrRepository, PARTITIONS, Region};

#[test]
fn a_region_tells_its_partition_and_its_domain() {
    let rows = [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("us-east-1", "aws", "amazonaws.com"),
        ("mx-central-1", "aws", "amazonaws.com"),
        ("us-isolated-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
        ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
        ("eu-isof-west-1", "aws-iso-f", "csp.hci.ic.gov"),
    ];
    for (name, partition, domain) in rows {
        let region = Region::new(name).unwrap();
        assert_eq!((region.partition(), region.domain()), (partition, domain), "{name}");
        assert!(PARTITIONS.contains(&partition), "{partition}");
        let image = format!("111111111111.dkr.ecr.{name}.{domain}/shop/web");
        let found = EcrRepository::parse(&image).map(|found| (found.account, found.region, found.path));
        assert_eq!(found, Some(("111111111111", name, "shop/web")), "{image}");
    }
    assert_eq!(PARTITIONS.len(), 8);
    for other in ["111111111111.dkr.ecr.eu-west-1.example.com/a", "111111111111.dkr.ecr.eu-west-1/a"] {
        assert_eq!(EcrRepository::parse(other), None, "{other}");
    }
}
