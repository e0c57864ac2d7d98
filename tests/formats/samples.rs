//! Pages as reviews are: what the screenshots show, and what axe-core judges.

use landfall::view::review::{Block, Line, Page, Weight, code, strong, text};

/// The pages, each with its name.
pub(super) fn samples() -> Vec<(&'static str, Page)> {
    vec![("promotion", promotion()), ("account-move", account_move()), ("wide", wide()), ("nothing", nothing())]
}

fn said(said: &str) -> Line {
    vec![text(said)]
}

fn named(name: &str) -> Line {
    vec![code(name)]
}

fn heading(level: u8, text: Line) -> Block {
    Block::Heading { level, text }
}

fn fold(title: &str, language: &'static str, text: &str) -> Block {
    Block::Fold { title: said(title), body: vec![Block::Code { language, text: text.to_owned() }] }
}

fn footer() -> Block {
    Block::Footer(vec![
        code("607789c"),
        text(" → "),
        code("8c1d0f2"),
        text(" (merge base "),
        code("607789c"),
        text(", main has not moved) · facts of the daemon, 2 min old · nothing in the repository was run"),
    ])
}

fn promotion() -> Page {
    let now_after = vec![vec![], said("now"), said("after")];
    Page {
        blocks: vec![
            heading(
                1,
                vec![
                    text("Merging this deploys "),
                    strong("storefront 1.4.0 to production"),
                    text(": 2 stacks change, nothing is replaced or removed."),
                ],
            ),
            Block::Table {
                head: vec![vec![], said("development"), said("test"), said("production")],
                rows: vec![
                    vec![
                        vec![strong("storefront")],
                        said("1.4.0"),
                        said("1.4.0"),
                        vec![text("1.3.2 → "), strong("1.4.0"), text(" on merge · 2 stacks")],
                    ],
                    vec![
                        vec![strong("billing")],
                        said("–"),
                        said("–"),
                        said("2.0.1 waits: frozen until 30 November 08:00"),
                    ],
                ],
            },
            Block::Paragraph(said("In test since 2 h 10 min, asked 30 min. Not frozen. Digest pinned.")),
            heading(2, said("storefront · production")),
            heading(3, vec![code("storefront-web-production"), text(" in prod-eu and prod-us")]),
            Block::Paragraph(vec![
                text("New revision of the task definition, "),
                strong("rolling"),
                text(": 4 tasks, at most 8 at once, rolls back after 3 failures."),
            ]),
            Block::Table {
                head: now_after,
                rows: vec![
                    vec![
                        vec![text("image "), code("web")],
                        vec![text("1.3.2 ("), code("1f0c77a2"), text(")")],
                        vec![text("1.4.0 ("), code("9a7e0b31"), text(")")],
                    ],
                    vec![named("FEATURE_CHECKOUT"), vec![], named("on")],
                    vec![named("API_URL"), named("https://api.old.example.com"), named("https://api.new.example.com")],
                    vec![said("memory"), said("512 MiB"), said("1,024 MiB")],
                ],
            },
            fold(
                "Template, 7 lines differ, once for both stacks",
                "diff",
                "  TaskDefinition (AWS::ECS::TaskDefinition)\n    ContainerDefinitions/app/Environment:\n-     API_URL: https://api.old.example.com\n+     API_URL: https://api.new.example.com\n+     FEATURE_CHECKOUT: 'on'\n-   Memory: 512\n+   Memory: 1024\n  Service (AWS::ECS::Service)\n-   DesiredCount: 2\n+   DesiredCount: 4\n",
            ),
            Block::Callout {
                weight: Weight::Note,
                title: vec![text("The change of "), code("api_url"), text(" reaches no release that runs.")],
                body: vec![
                    Block::Paragraph(vec![text("1.4.0 was made before it. This gives it to 1.4.0:")]),
                    Block::Code { language: "text", text: "landfall release refresh storefront 1.4.0\n".to_owned() },
                ],
            },
            footer(),
        ],
    }
}

fn account_move() -> Page {
    Page {
        blocks: vec![
            heading(
                1,
                vec![
                    text("Merging this moves 16 stacks to another account and "),
                    strong("deletes 8, among them a database and a table"),
                    text("."),
                ],
            ),
            Block::Callout {
                weight: Weight::Danger,
                title: vec![
                    text("removal of what keeps data · data · development · "),
                    code("data-store-development-nonprod"),
                    text(" in 111111111111"),
                ],
                body: vec![
                    Block::List(vec![
                        vec![code("Database"), text(" (RDS DBInstance): a snapshot is kept.")],
                        vec![code("Files"), text(" (S3 Bucket): "), strong("deleted"), text(", which fails if it is not empty.")],
                        vec![code("Carts"), text(" (DynamoDB Table): "), strong("deleted with its items"), text(".")],
                    ]),
                    Block::Paragraph(vec![
                        code("prune = true"),
                        text(" in "),
                        code("environments/development.toml"),
                        text(" is why. It stops there until "),
                        code("projects/data/deploy/development.toml"),
                        text(" has:"),
                    ]),
                    Block::Code {
                        language: "toml",
                        text: "[[allow]]\nwhat     = \"remove\"\nrelease  = \"1.0.0\"\nresource = \"Carts\"\nreason   = \"…\"\n".to_owned(),
                    },
                ],
            },
            Block::Table {
                head: vec![said("project"), said("development"), said("test"), said("production")],
                rows: ["billing", "checkout", "data", "orders, portal, storefront"]
                    .iter()
                    .map(|project| {
                        vec![
                            vec![strong(*project)],
                            vec![text("created in "), code("333333333333"), text(", "), strong("deleted"), text(" in "), code("111111111111")],
                            vec![text("created in "), code("333333333333"), text(", left behind in "), code("111111111111")],
                            said("–"),
                        ]
                    })
                    .collect(),
            },
            heading(2, said("Rights")),
            Block::Table {
                head: vec![said("stack"), said("resource"), said("statement"), said("what grows")],
                rows: vec![vec![
                    named("orders-queue-development-nonprod"),
                    vec![code("WorkerRole"), text(" (IAM Role)")],
                    named("sqs:*"),
                    vec![text("was "), code("sqs:ReceiveMessage, sqs:DeleteMessage"), text(" on "), code("arn:aws:sqs:eu-west-1:333333333333:orders-queue-development-nonprod-Queue-1ABCDEFGHIJKL")],
                ]],
            },
            heading(2, said("Still of the old account")),
            Block::Paragraph(vec![
                code("registry"), text(", "), code("listener_arn"), text(", "), code("db_secret_arn"), text(" and "), code("task_role_arn"), text(": variables with "), code("111111111111"), text(" in them."),
            ]),
            footer(),
        ],
    }
}

/// Forty tenants, long names, and a difference with long lines.
fn wide() -> Page {
    let rows = (1..=6).map(|index| {
        vec![
            vec![strong(format!("customer-with-a-long-name-{index}"))],
            named(&format!("storefront-web-production-customer-with-a-long-name-{index}")),
            said("eu-west-1"),
            said("created"),
            said("4 × 0.5 vCPU × 1 GiB"),
            said("after test, 30 min soak"),
        ]
    });
    let long = format!("+     POLICY: '{}'\n", "{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\"},".repeat(8));
    Page {
        blocks: vec![
            heading(
                1,
                vec![
                    text("Merging this creates "),
                    strong("40 stacks for new tenants"),
                    text(" in production, after test."),
                ],
            ),
            heading(2, said("Stacks")),
            Block::Table {
                head: ["tenant", "stack", "region", "what happens", "size", "when"].map(said).to_vec(),
                rows: rows.collect(),
            },
            Block::Paragraph(said("34 more tenants are alike.")),
            Block::Callout {
                weight: Weight::Danger,
                title: said("public · anybody on the internet reaches port 22"),
                body: vec![Block::Paragraph(vec![
                    code("Ingress"),
                    text(" of "),
                    code("Group"),
                    text(" allows "),
                    code("0.0.0.0/0"),
                    text("."),
                ])],
            },
            Block::Fold {
                title: vec![text("Template of "), code("storefront-web-production-customer-with-a-long-name-1")],
                body: vec![Block::Code {
                    language: "diff",
                    text: format!("  Bucket (AWS::S3::Bucket)\n    Name: x\n{long}-     OLD: 1\n"),
                }],
            },
            fold(
                "All 40 stacks",
                "text",
                &(1..=40).map(|index| format!("storefront-web-production-tenant-{index}\n")).collect::<String>(),
            ),
            footer(),
        ],
    }
}

fn nothing() -> Page {
    Page {
        blocks: vec![
            heading(1, said("No stack changes.")),
            Block::Paragraph(said("What changed is only in comments and documentation.")),
            footer(),
        ],
    }
}

#[test]
fn the_markdown_of_a_review_is_the_same_on_every_machine() {
    insta::assert_snapshot!("promotion.md", landfall::view::review::markdown(&promotion()));
    insta::assert_snapshot!("account-move.md", landfall::view::review::markdown(&account_move()));
}

#[test]
fn the_html_of_a_review_is_the_same_on_every_machine() {
    let html = landfall::view::review::html(&promotion());
    // The style sheet is in a file of its own.
    let body = html.split_once("</head>").unwrap().1.replace("><", ">\n<");
    insta::assert_snapshot!("promotion.html", body);
}
