//! The situations of [`super::ways`]: what leads to a reason, and the way out of it that is followed.

/// A situation, the reason in it, and the way out that is followed.
pub(super) struct Way {
    pub(super) cause: &'static str,
    pub(super) remedy: &'static str,
    /// Project, environment and tenant.
    pub(super) slot: (&'static str, &'static str, Option<&'static str>),
    /// What leads to it.
    pub(super) script: &'static str,
    /// What follows after the way out has been taken: by default everything settles.
    pub(super) then: &'static str,
    /// The stacks that AWS was asked to change since.
    pub(super) changes: &'static [&'static str],
}

pub(super) const DEVELOPMENT: (&str, &str, Option<&str>) = ("storefront", "development", None);
pub(super) const PRODUCTION: (&str, &str, Option<&str>) = ("storefront", "production", None);
pub(super) const ACME: (&str, &str, Option<&str>) = ("portal", "production", Some("acme"));
/// The stacks of development and test: what gets through in the one comes to the other by itself.
pub(super) const BOTH: &[&str] = &["storefront-web-development-shared", "storefront-web-test-shared"];
pub(super) const OF_PRODUCTION: &[&str] = &["storefront-web-production-production-eu"];
pub(super) const OF_ACME: &[&str] = &["portal-web-production-production-acme"];

pub(super) const RUNS: &str = "repository storefront\ncommit Deploy\nsettle\n";
pub(super) const PROMOTED: &str = "repository storefront\nwrite projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nEND\n\
                        commit Deploy\nsettle\n";
pub(super) const SOAKS: &str = "repository storefront\nreplace lifecycles/standard.toml | automatic = [\"test\"] | automatic = [\"test\"]\\nsoak = \"30m\"\n";

pub(super) const WAYS: &[Way] = &[
    Way {
        cause: "kept",
        remedy: "remove",
        slot: ACME,
        script: "repository fleet\ncommit Deploy\nsettle\nwrite tenants/acme.toml <<END\ntags = [\"ring/early\"]\nEND\ncommit Disconnect\nsettle\n",
        then: "settle\n",
        changes: OF_ACME,
    },
    Way {
        cause: "kept",
        remedy: "remove",
        slot: PRODUCTION,
        script: "repository storefront\nreplace environments/production.toml | protected = true | protected = false\n\
                 write projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nEND\ncommit Deploy\nsettle\n\
                 delete projects/storefront/deploy/production.toml\ncommit Revert the promotion\nsettle\n",
        then: "settle\n",
        changes: OF_PRODUCTION,
    },
    Way {
        cause: "protected",
        remedy: "allow",
        slot: PRODUCTION,
        script: "PROMOTED write projects/storefront/deploy/production.toml <<END\nrelease = \"none\"\nEND\ncommit Remove\nsettle\n",
        then: "settle\n",
        changes: OF_PRODUCTION,
    },
    Way {
        cause: "pinned-none",
        remedy: "unpin",
        slot: PRODUCTION,
        script: "repository storefront\nwrite projects/storefront/deploy/production.toml <<END\nrelease = \"none\"\nEND\ncommit Deploy\nsettle\n",
        then: "settle\n",
        changes: &[],
    },
    Way {
        cause: "attempts",
        remedy: "allow",
        slot: DEVELOPMENT,
        script: "RUNS release storefront 1.1.0\nfault {\"fault\": \"image-crashes\", \"image\": \"storefront:1.1.0\", \"exit_code\": 1}\n\
                 commit Release\nsettle\nmend\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "attempts",
        remedy: "new-release",
        slot: DEVELOPMENT,
        script: "RUNS release storefront 1.1.0\nfault {\"fault\": \"image-crashes\", \"image\": \"storefront:1.1.0\", \"exit_code\": 1}\n\
                 commit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "stopped",
        remedy: "allow",
        slot: DEVELOPMENT,
        script: "RUNS fault {\"fault\": \"resource-fails\", \"stack\": \"storefront-web-development-shared\", \"resource\": \"AWS::ECS::Service\", \"during\": \"update\", \"reason\": \"not stable\"}\n\
                 fault {\"fault\": \"resource-fails\", \"stack\": \"storefront-web-development-shared\", \"resource\": \"AWS::ECS::Service\", \"during\": \"rollback\", \"reason\": \"gone\"}\n\
                 release storefront 1.1.0\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "foreign-stack",
        remedy: "allow",
        slot: DEVELOPMENT,
        script: "repository storefront\nforeign stack storefront-web-development-shared in 111111111111/eu-west-1\ncommit Deploy\nsettle\n",
        then: "settle\n",
        // Nothing of somebody else's goes without being asked for: it stops at the gate for what would be removed.
        changes: &["storefront-web-development-shared"],
    },
    Way {
        cause: "foreign-stack",
        remedy: "delete-stack",
        slot: DEVELOPMENT,
        script: "repository storefront\nforeign stack storefront-web-development-shared in 111111111111/eu-west-1\ncommit Deploy\nsettle\n",
        then: "wait 10m\nsettle\n",
        changes: BOTH,
    },
    Way {
        cause: "foreign-stack",
        remedy: "rename-target",
        slot: DEVELOPMENT,
        script: "repository storefront\nforeign stack storefront-web-development-shared in 111111111111/eu-west-1\ncommit Deploy\nsettle\n",
        then: "settle\n",
        changes: &["storefront-web-development-renamed", "storefront-web-test-renamed"],
    },
    Way {
        cause: "foreign-stack",
        remedy: "delete-stack",
        slot: DEVELOPMENT,
        script: "repository storefront\nreview stack storefront-web-development-shared in 111111111111/eu-west-1\ncommit Deploy\nsettle\n",
        then: "wait 10m\nsettle\n",
        changes: BOTH,
    },
    Way { cause: "manual", remedy: "pin", slot: PRODUCTION, script: "RUNS", then: "settle\n", changes: OF_PRODUCTION },
    Way {
        cause: "no-release",
        remedy: "new-release",
        slot: DEVELOPMENT,
        script: "repository storefront\ndelete projects/storefront/releases/1.0.0.toml\ncommit Begin\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "blocked",
        remedy: "unblock",
        slot: DEVELOPMENT,
        script: "RUNS write projects/storefront/releases/1.1.0.toml <<END\nformat = 1\nblocked = \"not yet\"\n\n[images]\nweb = { tag = \"1.1.0\" }\nEND\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "release-gone",
        remedy: "restore",
        slot: DEVELOPMENT,
        script: "RUNS delete projects/storefront/releases/1.0.0.toml\ncommit Delete\nsettle\n",
        then: "settle\n",
        changes: &[],
    },
    Way {
        cause: "refused",
        remedy: "let-wait",
        slot: PRODUCTION,
        script: "SOAKS write projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nwait = false\nEND\ncommit Deploy\nsettle\n",
        then: "wait 40m\nsettle\n",
        changes: OF_PRODUCTION,
    },
    Way {
        cause: "soak",
        remedy: "wait",
        slot: PRODUCTION,
        script: "SOAKS write projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nEND\ncommit Deploy\nsettle\n",
        then: "wait 40m\nsettle\n",
        changes: OF_PRODUCTION,
    },
    Way {
        cause: "phase",
        remedy: "goes-on",
        slot: PRODUCTION,
        script: "repository storefront\nwrite projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nEND\ncommit Deploy\nturn\n",
        then: "settle\n",
        changes: &[
            "storefront-web-development-shared",
            "storefront-web-production-production-eu",
            "storefront-web-test-shared",
        ],
    },
    Way {
        cause: "pin-holds",
        remedy: "unpin",
        slot: DEVELOPMENT,
        script: "repository storefront\nwrite projects/storefront/deploy/development.toml <<END\nrelease = \"1.0.0\"\nEND\nrelease storefront 1.1.0\ncommit Deploy\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "frozen",
        remedy: "allow",
        slot: DEVELOPMENT,
        script: "RUNS write freezes/fair.toml <<END\nreason = \"fair\"\ntime_zone = \"UTC\"\nenvironments = [\"development\"]\n\n[[window]]\nfrom = 2026-11-23T00:00:00\nuntil = 2026-11-24T00:00:00\nEND\n\
                 release storefront 1.1.0\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "frozen",
        remedy: "wait",
        slot: DEVELOPMENT,
        script: "RUNS write freezes/fair.toml <<END\nreason = \"fair\"\ntime_zone = \"UTC\"\nenvironments = [\"development\"]\n\n[[window]]\nfrom = 2026-11-23T00:00:00\nuntil = 2026-11-23T09:00:00\nEND\n\
                 release storefront 1.1.0\ncommit Release\nsettle\n",
        then: "wait 70m\nsettle\n",
        changes: BOTH,
    },
    Way {
        cause: "channel-tenants",
        remedy: "open-channel",
        slot: ACME,
        script: "repository fleet\nwrite projects/portal/project.toml <<END\nlifecycle = \"standard\"\ntenancy = \"both\"\n\n[channels.default]\n\n[channels.general]\ntenants = [\"ring/general\"]\nEND\n\
                 commit Deploy\nsettle\nwrite projects/portal/releases/2.0.0.toml <<END\nformat = 1\nchannel = \"general\"\n\n[images]\nweb = { tag = \"2.0.0\" }\nEND\n\
                 write projects/portal/deploy/production.toml <<END\n[tenants]\nacme = \"2.0.0\"\nEND\ncommit Pin\nsettle\n",
        then: "settle\n",
        // The phase before it is not passed yet, which is another reason.
        changes: &[],
    },
    Way {
        cause: "broken",
        remedy: "fix",
        slot: DEVELOPMENT,
        script: "RUNS write environments/development.toml <<END\norder = \nEND\nrelease storefront 1.1.0\ncommit Break\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "place-unseen",
        remedy: "access",
        slot: DEVELOPMENT,
        script: "RUNS fault {\"fault\": \"call\", \"operation\": \"DescribeStacks\", \"account\": \"111111111111\", \"effect\": \"deny\", \"times\": 1000}\nrelease storefront 1.1.0\ncommit Release\nturns 3\n",
        then: "wait 10m\nsettle\n",
        changes: BOTH,
    },
    Way {
        cause: "snapshot-differs",
        remedy: "new-release",
        slot: DEVELOPMENT,
        script: "RUNS write projects/storefront/releases/1.1.0.toml <<END\nformat = 1\ninputs = \"b3:0000000000000000000000000000000000000000000000000000000000000000\"\n\n[images]\nweb = { tag = \"1.1.0\" }\nEND\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "snapshot-differs",
        remedy: "refresh",
        slot: DEVELOPMENT,
        script: "RUNS write projects/storefront/releases/1.1.0.toml <<END\nformat = 1\ninputs = \"b3:0000000000000000000000000000000000000000000000000000000000000000\"\n\n[images]\nweb = { tag = \"1.1.0\" }\nEND\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "not-connected",
        remedy: "connect",
        slot: ACME,
        script: "repository fleet\n\
                 write lifecycles/standard.toml <<END\n[[phase]]\nname = \"All\"\nautomatic = [\"test\", \"production\"]\nEND\n\
                 FAILS_ACME commit Deploy\nsettle\nwrite tenants/acme.toml <<END\ntags = [\"ring/early\"]\nEND\ncommit Disconnect\nsettle\n",
        then: "settle\n",
        changes: OF_ACME,
    },
    Way {
        cause: "not-connected",
        remedy: "untenanted",
        slot: ("portal", "test", None),
        script: "repository fleet\nFAILS_TEST commit Deploy\nsettle\nreplace projects/portal/project.toml | \"both\" | \"tenanted\"\n\
                 commit Only for tenants\nsettle\n",
        then: "settle\n",
        changes: &[],
    },
    Way {
        cause: "not-in-lifecycle",
        remedy: "add-to-phase",
        slot: DEVELOPMENT,
        script: "repository storefront\nFAILS_DEVELOPMENT commit Deploy\nsettle\n\
                 replace lifecycles/standard.toml | [[phase]]\\nname = \"Development\"\\nautomatic = [\"development\"]\\n\\n | \n\
                 commit Begin with test\nsettle\n",
        then: "settle\n",
        changes: &[],
    },
    Way {
        cause: "cannot-render",
        remedy: "fix-render",
        slot: ACME,
        script: "repository fleet\nwrite projects/portal/variables.toml <<END\n[[tenant_variable]]\nname = \"domain\"\nEND\n\
                 replace projects/portal/project.toml | \"both\" | \"tenanted\"\n\
                 write tenants/acme.toml <<END\ntags = [\"ring/early\"]\n\n[projects.portal]\nenvironments = [\"production\"]\nEND\n\
                 commit Deploy\nsettle\n",
        then: "settle\n",
        changes: OF_ACME,
    },
    Way {
        cause: "snapshot",
        remedy: "fix-then-release",
        slot: DEVELOPMENT,
        script: "RUNS release storefront 1.1.0\nreplace projects/storefront/process.toml | cpu = 256 | cpu = 257\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
];

/// A stack cannot be made.
pub(super) const FAILS: &str = "fault {\"fault\": \"resource-fails\", \"stack\": \"STACK\", \"resource\": \"AWS::ECS::Service\", \"during\": \"create\", \"reason\": \"no\", \"times\": 9}\n";
