//! Repositories in Amazon ECR, as image references name them.

use super::place::domains;

/// A repository in ECR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcrRepository<'a> {
    /// The account that the registry belongs to: twelve digits, as far as anybody looked.
    pub account: &'a str,
    pub region: &'a str,
    /// The repository's name in the registry.
    pub path: &'a str,
}

impl<'a> EcrRepository<'a> {
    /// Reads `<account>.dkr.ecr.<region>.amazonaws.com/<path>`, in every partition with its domain, and its FIPS and dual-stack
    /// spellings (ECR user guide, "Private registry": `dkr.ecr-fips`, `dkr-ecr.<region>.on.aws`); none if it is another
    /// registry's.
    pub fn parse(repository: &'a str) -> Option<Self> {
        let (registry, path) = repository.split_once('/')?;
        let parts: Vec<&str> = registry.split('.').collect();
        let (account, region) = match parts.as_slice() {
            [account, "dkr", "ecr" | "ecr-fips", region, domain @ ..] if is_domain(domain) => (*account, *region),
            [account, "dkr-ecr" | "dkr-ecr-fips", region, "on", "aws"]
            | [account, "dkr-ecr", region, "on", "amazonwebservices", "com", "cn"] => (*account, *region),
            _ => return None,
        };
        Some(Self { account, region, path })
    }
}

/// Whether these are the parts of a domain that AWS's services have.
fn is_domain(parts: &[&str]) -> bool {
    domains().any(|domain| domain.split('.').eq(parts.iter().copied()))
}
